"""What examples/ has, with the real kubectl: etcd on real pods, WordPress on hollow nodes."""

from __future__ import annotations

from pathlib import Path

import pytest
from clusters import Cluster, until
from ports import free_port

EXAMPLES = Path(__file__).parents[2] / "examples"

pytestmark = pytest.mark.kubectl


@pytest.fixture
def own_namespace(exec_cluster):
    cluster = exec_cluster
    cluster.kubectl("create", "namespace", "etcd-example")
    cluster.kubectl("config", "set-context", "--current", "--namespace=etcd-example")
    yield
    cluster.kubectl("config", "set-context", "--current", "--namespace=default")
    cluster.kubectl("delete", "namespace", "etcd-example", "--wait=false")


def etcdctl(cluster: Cluster, member: str, *args: str, check: bool = True) -> str:
    return cluster.kubectl("exec", member, "--", "etcdctl", *args, check=check)


@pytest.mark.usefixtures("own_namespace")
def test_three_members_of_etcd_agree_survive_and_are_saved(exec_cluster):
    cluster = exec_cluster
    cluster.kubectl("apply", "-f", str(EXAMPLES / "etcd" / "etcd.yaml"))
    cluster.kubectl("rollout", "status", "statefulset/etcd", "--timeout=120s", timeout=130)

    assert len(etcdctl(cluster, "etcd-0", "member", "list").splitlines()) == 3
    etcdctl(cluster, "etcd-0", "put", "greeting", "hello")
    assert etcdctl(cluster, "etcd-2", "get", "greeting").split() == ["greeting", "hello"]

    uid = cluster.get("pod", "etcd-0")["metadata"]["uid"]
    cluster.kubectl("delete", "pod", "etcd-0")
    until(lambda: [p for p in cluster.get("pods", "-l", "app=etcd")["items"]
                   if p["metadata"]["name"] == "etcd-0" and p["metadata"]["uid"] != uid], 60)  # fmt: skip
    cluster.kubectl("wait", "pod/etcd-0", "--for=condition=Ready", "--timeout=120s", timeout=130)
    assert etcdctl(cluster, "etcd-0", "get", "greeting").split() == ["greeting", "hello"]

    cluster.kubectl("create", "job", "first-snapshot", "--from=cronjob/etcd-snapshot")
    cluster.kubectl("wait", "job/first-snapshot", "--for=condition=Complete", "--timeout=120s", timeout=130)
    assert "Snapshot saved at /snapshots/" in cluster.kubectl("logs", "job/first-snapshot")


def test_wordpress_rolls_out_on_hollow_nodes_with_its_claims(tmp_path_factory, tools):
    home = tmp_path_factory.mktemp("wordpress") / "home"
    home.mkdir(parents=True)
    (home / "sampan.yaml").write_text("addons: []\n")
    cluster = Cluster(home, "", free_port(), "nginx", tools)
    cluster.sampan("up", "--no-node", "--hollow", "2", "--port", str(cluster.port))
    try:
        cluster.kubectl("create", "secret", "generic", "mysql", "--from-literal=password=secret")
        cluster.kubectl("apply", "-f", str(EXAMPLES / "wordpress" / "wordpress.yaml"))
        for name in ("mysql", "wordpress"):
            cluster.kubectl("rollout", "status", f"deployment/{name}", "--timeout=120s", timeout=130)

        claims = {each["metadata"]["name"]: each["status"]["phase"] for each in cluster.get("pvc")["items"]}
        assert claims == {"mysql": "Bound", "wordpress": "Bound"}
        pods = cluster.get("pods", "-l", "tier=frontend")["items"]
        addresses = [pod["status"]["podIP"] for pod in pods]
        slices = "-l", "kubernetes.io/service-name=wordpress"
        until(lambda: [address for found in cluster.get("endpointslices", *slices)["items"]
                       for each in found["endpoints"] for address in each["addresses"]] == addresses, 60)  # fmt: skip
        cluster.kubectl("delete", "-f", str(EXAMPLES / "wordpress" / "wordpress.yaml"), "--timeout=60s")
        until(lambda: not cluster.get("pv")["items"], 60)
    finally:
        cluster.sampan("down")
