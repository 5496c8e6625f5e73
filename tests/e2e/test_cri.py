"""A node whose pods run by containerd over CRI, with CNI plugins for their network; all in a network namespace of its
own."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from clusters import Cluster, until
from containerds import BUSYBOX, Containerd, containerd
from ports import free_port
from resizing import AMOUNTS, IDLE, first_status, resize, running
from spaces import run

pytestmark = [pytest.mark.kubectl, pytest.mark.root]

QUOTA = "cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us 2>/dev/null || cut -d' ' -f1 /sys/fs/cgroup/cpu.max"


class Node(Cluster):
    """Its commands run in the network namespace of its containerd."""

    engine: Containerd

    def _run(self, argv: list[str], **options: object) -> str:
        return super()._run(["nsenter", f"--net=/run/netns/{self.engine.space}", *argv], **options)

    def popen(self, *args: str, **options: object) -> subprocess.Popen:
        argv = ["nsenter", f"--net=/run/netns/{self.engine.space}", str(self.tools / "kubectl"), *args]
        return subprocess.Popen(argv, env=self.env, text=True, **options)


@contextmanager
def node(home: Path, tools: Path, engine: Containerd) -> Iterator[Node]:
    space = engine.space
    run("ip", "-n", space, "link", "add", "up0", "type", "veth", "peer", "name", "up1")
    run("ip", "-n", space, "addr", "add", "10.77.0.2/24", "dev", "up0")
    for end in ("up0", "up1"):
        run("ip", "-n", space, "link", "set", end, "up")
    run("ip", "-n", space, "route", "add", "default", "via", "10.77.0.1")
    cluster = Node(home, "cri", free_port(), "busybox:1", tools)
    cluster.engine = engine
    home.mkdir(parents=True)
    (home / "sampan.yaml").write_text(
        f"api: {{port: {cluster.port}}}\nnode: {{runtime: cri, name: node-cri}}\n"
        f'plugins: {{cri: {{endpoint: "unix://{engine.socket}"}}, cni: {{conf_dir: {engine.conf}, '
        "pod_cidr: 10.99.0.0/24}}\n"
    )
    try:
        cluster.sampan("up")
        yield cluster
    finally:
        cluster.sampan("down")


@pytest.fixture(scope="module")
def engine() -> Iterator[Containerd]:
    with containerd() as found:
        yield found


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, tools: Path, engine: Containerd) -> Iterator[Node]:
    with node(tmp_path_factory.mktemp("cri") / "home", tools, engine) as found:
        yield found
        assert engine.ctr("containers", "ls", "-q").split()
    assert engine.ctr("containers", "ls", "-q").split() == []
    assert list(engine.conf.iterdir()) == []
    assert "cni" not in run("ip", "-n", engine.space, "-br", "link")
    until(lambda: not engine.shims(), why="a shim ends after its container is gone")
    until(lambda: not [path for path in engine.mounts() if "netns" in path])


@contextmanager
def ended(process: subprocess.Popen) -> Iterator[subprocess.Popen]:
    """What runs until it is told to end."""
    try:
        yield process
    finally:
        process.terminate()
        process.communicate()


def server(name: str, **container: object) -> dict:
    script = "mkdir -p /www; hostname >/www/index.html; echo serving; httpd -f -p 8080 -h /www"
    return {
        "name": name, "image": "busybox:1", "command": ["sh", "-c", script], "ports": [{"containerPort": 8080}],
        "readinessProbe": {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1}, **container,
    }  # fmt: skip


def asked(cluster: Node, pod: str, address: str, port: int = 80) -> str:
    request = f"printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 5 {address} {port} | tail -n 1"
    return cluster.kubectl("exec", pod, "--", "sh", "-c", request, check=False).strip()


def test_the_node_says_what_runs_its_containers(cluster: Node) -> None:
    (found,) = cluster.get("nodes")["items"]

    assert found["status"]["nodeInfo"]["containerRuntimeVersion"].startswith("containerd://1.")


def test_a_deployment_is_reached_through_its_service(cluster: Node, namespace: str) -> None:
    template = {
        "metadata": {"labels": {"app": "web"}, "annotations": {"kubernetes.io/egress-bandwidth": "50M"}},
        "spec": {"terminationGracePeriodSeconds": 1, "containers": [server("main", resources=AMOUNTS)]},
    }  # fmt: skip
    cluster.apply(
        {
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
            "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "web"}}, "template": template},
        },
        {
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
            "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]},
        },
        cluster.pod("host", IDLE, container=server("main", ports=[{"containerPort": 8080, "hostPort": 18080}])),
    )  # fmt: skip

    cluster.kubectl("rollout", "status", "deploy/web", "--timeout=120s")
    pods = cluster.get("pods", "-l", "app=web")["items"]
    names = {pod["metadata"]["name"] for pod in pods}
    one = pods[0]["metadata"]["name"]

    assert all(pod["status"]["podIP"].startswith("10.99.0.") for pod in pods)
    until(lambda: cluster.kubectl("logs", one) == "serving\n")
    until(lambda: asked(cluster, one, "web") in names, why="by the name of the Service, which the cluster's DNS knows")
    until(lambda: {asked(cluster, one, "web") for _ in range(8)} == names, why="also the pod that asks: hairpin")
    until(lambda: asked(cluster, one, "10.77.0.2", 18080) == "host", why="by the host's port")
    assert cluster.kubectl("exec", one, "--", "sh", "-c", QUOTA).strip() == "3000"
    assert "containerd://" in pods[0]["status"]["containerStatuses"][0]["containerID"]

    before = first_status(cluster, one)
    resize(cluster, one, {"requests": {"cpu": "40m"}, "limits": {"cpu": "50m"}})
    until(lambda: first_status(cluster, one)["resources"]["limits"]["cpu"] == "50m")
    assert cluster.kubectl("exec", one, "--", "sh", "-c", QUOTA).strip() == "5000"
    assert first_status(cluster, one)["containerID"] == before["containerID"]


def test_streams_reach_into_a_container(cluster: Node, namespace: str) -> None:
    local = "mkdir /www; echo only here >/www/index.html; httpd -p 127.0.0.1:9000 -h /www;"
    running(cluster, "box", f"{local} echo hello; echo oops >&2; read line && echo got $line; {IDLE}",
            container={"stdin": True, "stdinOnce": True})  # fmt: skip

    until(lambda: sorted(cluster.kubectl("logs", "box").split()) == ["hello", "oops"])
    assert cluster.kubectl("exec", "-i", "box", "--", "wc", "-c", input="x" * 300_000).strip() == "300000"
    assert "code 7" in cluster.kubectl("exec", "box", "--", "sh", "-c", "exit 7", check=False)
    with ended(cluster.popen("attach", "-i", "box", stdin=subprocess.PIPE, stdout=subprocess.PIPE)) as attached:
        attached.stdin.write("fish\n")
        attached.stdin.flush()
        until(lambda: "got fish\n" in cluster.kubectl("logs", "box"))
    volumes = [{"name": "image", "image": {"reference": "busybox:1"}}]
    running(cluster, "mounts", volumes=volumes, container={"volumeMounts": [{"name": "image", "mountPath": "/image"}]})
    assert "root:x:0:0" in cluster.kubectl("exec", "mounts", "--", "cat", "/image/etc/passwd")
    (cluster.home / "file").write_text("copied\n")
    cluster.kubectl("cp", str(cluster.home / "file"), "box:/tmp/file")
    assert cluster.kubectl("exec", "box", "--", "cat", "/tmp/file") == "copied\n"

    with ended(cluster.popen("port-forward", "box", ":9000", stdout=subprocess.PIPE)) as forward:
        port = forward.stdout.readline().rpartition(" -> ")[0].rpartition(":")[2]
        said = cluster._run(["curl", "-s", f"http://127.0.0.1:{port}/"], check=True, timeout=120)
        assert said == "only here\n"


def test_a_failing_container_is_restarted_and_says_why(cluster: Node, namespace: str) -> None:
    probe = {"exec": {"command": ["test", "-e", "/tmp/well"]}, "periodSeconds": 1, "failureThreshold": 1}
    cluster.apply(
        cluster.pod("dies", "echo last words >/dev/termination-log; exit 3", restartPolicy="Never"),
        cluster.pod("sick", f"echo again; {IDLE}", container={"livenessProbe": probe}),
        cluster.pod("absent", IDLE, container={"image": "registry.test/none:1", "imagePullPolicy": "Never"}),
        cluster.pod("nowhere", IDLE, container={"image": "127.0.0.1:1/none:1"}),
    )

    ended = until(lambda: (first_status(cluster, "dies").get("state") or {}).get("terminated"))
    assert (ended["exitCode"], ended["reason"], ended["message"]) == (3, "Error", "last words\n")
    until(lambda: first_status(cluster, "sick").get("restartCount", 0) >= 1)
    until(lambda: cluster.kubectl("logs", "--previous", "sick", check=False) == "again\n")
    for name, reasons in (("absent", {"ErrImageNeverPull"}), ("nowhere", {"ErrImagePull", "ImagePullBackOff"})):
        until(lambda: (first_status(cluster, name).get("state") or {}).get("waiting", {}).get("reason") in reasons)  # noqa: B023  # at once


@contextmanager
def registry(engine: Containerd, folder: Path) -> Iterator[str]:
    """Debian's docker-registry beside the containerd, with TLS, for the user ``ada`` with the password ``secret``."""
    where, inside = "localhost:5000", ["nsenter", f"--net=/run/netns/{engine.space}"]  # the namespace is its own
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
        "subjectAltName=DNS:localhost", "-keyout", f"{folder}/key", "-out", f"{folder}/crt")  # fmt: skip
    hashed = run("perl", "-e", 'print crypt("secret", "\\$2y\\$05\\$abcdefghijklmnopqrstuu")')
    (folder / "htpasswd").write_text(f"ada:{hashed}\n")
    (folder / "registry.yml").write_text(
        f"version: 0.1\nstorage: {{filesystem: {{rootdirectory: {folder}/images}}}}\n"
        f"http: {{addr: '127.0.0.1:5000', tls: {{certificate: {folder}/crt, key: {folder}/key}}}}\n"
        f"auth: {{htpasswd: {{realm: e2e, path: {folder}/htpasswd}}}}\n"
    )
    (engine.registries / where).mkdir(parents=True)
    (engine.registries / where / "hosts.toml").write_text(
        f'server = "https://{where}"\n[host."https://{where}"]\nca = "{folder}/crt"\n'
    )
    image = f"{where}/e2e/busybox:locked"
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [*inside, "docker-registry", "serve", f"{folder}/registry.yml"], stdout=log, stderr=log
        )
    try:
        engine.ctr("images", "tag", BUSYBOX, image)
        hosts = ["--hosts-dir", str(engine.registries), "--user", "ada:secret"]
        push = [*inside, *engine.command("images", "push", *hosts, image)]
        until(lambda: subprocess.run(push, capture_output=True, check=False).returncode == 0)
        engine.ctr("images", "rm", image)
        yield image
    finally:
        server.terminate()
        server.wait(90)


def test_a_pull_secret_opens_a_registry_with_a_password(
    cluster: Node, namespace: str, engine: Containerd, tmp_path: Path
) -> None:
    with registry(engine, tmp_path) as image:
        cluster.apply(cluster.pod("shut-out", "true", container={"image": image}))
        until(lambda: "ErrImagePull" in cluster.kubectl("get", "events"))

        cluster.kubectl("create", "secret", "docker-registry", "key", f"--docker-server={image.partition('/')[0]}",
                        "--docker-username=ada", "--docker-password=secret")  # fmt: skip
        cluster.apply(
            cluster.pod("let-in", "echo in", restartPolicy="Never", container={"image": image},
                        imagePullSecrets=[{"name": "key"}])
        )  # fmt: skip

        until(lambda: cluster.get("pod", "let-in")["status"].get("phase") == "Succeeded")
        until(lambda: cluster.kubectl("logs", "let-in") == "in\n")
        pulled = ("get", "events", "--field-selector=reason=Pulled")
        until(lambda: "Successfully pulled image" in cluster.kubectl(*pulled))


def test_pods_run_on_while_containerd_is_away(cluster: Node, namespace: str, engine: Containerd) -> None:
    running(cluster, "stays", f"i=0; while :; do i=$((i+1)); echo $i; sleep 0.2; done & {IDLE}")
    running(cluster, "goes")
    before = first_status(cluster, "stays")

    engine.stop(signal.SIGKILL)
    cluster.kubectl("delete", "pod", "goes", "--wait=false")
    engine.start()

    cluster.kubectl("wait", "--for=delete", "pod/goes", "--timeout=120s")
    until(lambda: cluster.kubectl("exec", "stays", "--", "echo", "here", check=False) == "here\n")
    running(cluster, "comes")
    after = first_status(cluster, "stays")
    assert (after["containerID"], after["restartCount"]) == (before["containerID"], 0)
    numbers = list(map(int, cluster.kubectl("logs", "stays").split()))
    assert numbers == list(range(1, len(numbers) + 1)), "no line of its log is lost"
