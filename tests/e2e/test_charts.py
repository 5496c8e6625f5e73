"""Our charts with the real helm: rendered objects pass a real server, and one add-on runs in pods from its chart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import dnslib
import pytest
import yaml
from clusters import ROOT, Cluster, until
from images import IMAGE, sampan_image
from postgreses import Postgres

CHARTS = ROOT / "charts"
#: What the API servers are given of a home's pki.
KEYS = ("ca.crt", "ca.key", "encryption.keys", "front-proxy-ca.crt", "front-proxy-ca.key", "sa.key", "sa.pub")
#: The least that a chart wants to be told.
NEEDED = {"sampan": ("--set", "store=etcd://etcd:2379", "--set", "pki.secret=sampan-pki")}
PLACES = {"federation": "karmada-cluster"}
OURS = sorted(path.parent.name for path in CHARTS.glob("*/Chart.yaml") if path.parent.name != "guestbook")


@pytest.fixture(scope="session")
def image(tools: Path, docker_cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> str:
    return sampan_image(tools, tmp_path_factory.mktemp("image"))


@pytest.mark.kubectl
@pytest.mark.parametrize("chart", OURS)
def test_a_server_accepts_what_a_chart_renders(exec_cluster, chart):
    namespace = PLACES.get(chart, "kube-system")
    rendered = exec_cluster.helm("template", "r", str(CHARTS / chart), "--namespace", namespace, *NEEDED.get(chart, ()))
    if namespace != "kube-system":
        exec_cluster.kubectl("create", "namespace", namespace)
    served = set(exec_cluster.kubectl("api-resources", "-o", "name").split())
    objects = [each for each in yaml.safe_load_all(rendered) if each and _plural(each) in served]

    done = exec_cluster.kubectl(
        "apply", "--server-side", "--dry-run=server", "-f", "-", input=yaml.safe_dump_all(objects)
    ).splitlines()  # fmt: skip

    assert len(done) == len(objects) >= 5
    assert all(line.endswith("serverside-applied (server dry run)") for line in done)


def _plural(obj: dict) -> str:
    """As ``kubectl api-resources -o name`` says it."""
    group = obj["apiVersion"].rpartition("/")[0]
    plural = obj["kind"].lower() + ("es" if obj["kind"].endswith("s") else "s")
    return f"{plural}.{group}" if group else plural


@pytest.fixture
def names(docker_cluster: Cluster, image: str) -> Iterator[str]:
    """The Service's address of a DNS that runs in pods, from its chart."""
    repository, tag = IMAGE
    settings = ("--set", f"image.repository={repository},replicas=1", "--set-string", f"image.tag={tag}")
    docker_cluster.helm(
        "install", "names", str(CHARTS / "dns"), "-n", "kube-system", *settings, "--wait", "--timeout", "180s"
    )
    yield docker_cluster.get("service", "names-sampan-dns", "-n", "kube-system")["spec"]["clusterIP"]
    docker_cluster.helm("uninstall", "names", "-n", "kube-system")


@pytest.mark.docker
@pytest.mark.kubectl
def test_the_dns_add_on_answers_from_pods(docker_cluster, names):
    wanted = docker_cluster.get("service", "kubernetes", "-n", "default")["spec"]["clusterIP"]

    until(lambda: _ask(names, "kubernetes.default.svc.cluster.local") == [wanted])

    labels = ("-n", "kube-system", "-l", "app.kubernetes.io/instance=names")
    (pod,) = docker_cluster.get("pods", *labels)["items"]
    assert pod["spec"]["containers"][0]["securityContext"]["readOnlyRootFilesystem"] is True
    until(lambda: _ask(pod["status"]["podIP"], "kubernetes.default.svc.cluster.local", 5353) == [wanted])
    until(lambda: _ask(names, "no-such.default.svc.cluster.local") == [])
    labels = ("-n", "kube-system", "-l", "kubernetes.io/service-name=names-sampan-dns")

    def ready() -> list[bool]:
        slices = docker_cluster.get("endpointslices", *labels)["items"]
        return [each["conditions"]["ready"] for one in slices for each in one["endpoints"] or ()]

    until(lambda: ready() == [True])


@pytest.fixture
def inner(docker_cluster: Cluster, image: str, tmp_path: Path) -> Iterator[Callable[..., str]]:
    """kubectl for a control plane that runs in pods, from its chart, on a PostgreSQL of this machine."""
    database = Postgres()
    database.folder.chmod(0o755)  # who is in a pod is nobody here
    database.start()
    repository, tag = IMAGE
    home, space = tmp_path / "inner", "control"
    home.mkdir()
    (home / "sampan.yaml").write_text(f"api: {{host: inner-sampan.{space}.svc}}\n")
    docker_cluster.sampan("--home", str(home), "prepare")
    docker_cluster.kubectl("create", "namespace", space)
    pki = home / "pki"
    files = [f"--from-file={name}={pki / name}" for name in KEYS]
    files += [
        f"--from-file={part}.{end}={pki / 'clients' / part}.{end}"
        for part in ("reconciler", "scheduler")
        for end in ("crt", "key")
    ]
    docker_cluster.kubectl("create", "secret", "generic", "sampan-pki", "-n", space, *files)
    values = {
        "image": {"repository": repository, "tag": tag}, "store": database.url, "pki": {"secret": "sampan-pki"},
        "reconciler": {"replicas": 1}, "scheduler": {"replicas": 1},
        "extraVolumes": [{"name": "database", "hostPath": {"path": str(database.folder)}}],
        "extraVolumeMounts": [{"name": "database", "mountPath": str(database.folder)}],
    }  # fmt: skip
    (tmp_path / "values.yaml").write_text(yaml.safe_dump(values))
    try:
        docker_cluster.helm(
            "install", "inner", str(CHARTS / "sampan"), "-n", space, "-f", str(tmp_path / "values.yaml"),
            "--wait", "--timeout", "180s",
        )  # fmt: skip
        address = docker_cluster.get("service", "inner-sampan", "-n", space)["spec"]["clusterIP"]
        there = ("--kubeconfig", str(home / "kubeconfig"), "--server", f"https://{address}:6443")
        yield lambda *words, **more: docker_cluster.kubectl(
            *there, "--tls-server-name", f"inner-sampan.{space}.svc", *words, **more
        )
    finally:
        docker_cluster.helm("uninstall", "inner", "-n", space, check=False)
        docker_cluster.kubectl("delete", "namespace", space, "--wait=false")
        database.remove()


@pytest.mark.docker
@pytest.mark.kubectl
def test_a_control_plane_runs_in_pods(docker_cluster, inner):
    until(lambda: len(docker_cluster.get("pods", "-n", "control")["items"]) == 4)

    addresses = docker_cluster.kubectl(
        "get", "pods", "-n", "control", "-l", "app.kubernetes.io/component=apiserver",
        "-o", "jsonpath={.items[*].status.podIP}",
    ).split()  # fmt: skip
    until(lambda: all(address in inner("get", "endpointslices", "-A") for address in addresses), why=str(addresses))

    inner("create", "deployment", "web", "--image=x", "--replicas=2")

    until(lambda: inner("get", "pods", "-o", "name").count("pod/web-") == 2, why="the reconciler makes pods")
    until(lambda: "no nodes available" in inner("get", "events"), why="the scheduler says why they wait")
    assert "inner" not in docker_cluster.kubectl("get", "deployments", "-n", "default")


def _ask(address: str, name: str, port: int = 53) -> list[str]:
    try:
        answer = dnslib.DNSRecord.question(name).send(address, port, timeout=10)
    except OSError:
        return ["no answer"]
    return [str(record.rdata) for record in dnslib.DNSRecord.parse(answer).rr]
