"""What examples/ has, with the real kubectl, on real pods; WordPress is in test_hollow.py."""

from __future__ import annotations

from pathlib import Path

import pytest
from clusters import Cluster, until

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
    cluster.kubectl("rollout", "status", "statefulset/etcd", "--timeout=120s")

    # a busy machine lets etcd elect a leader again, and meanwhile it refuses
    until(lambda: len(etcdctl(cluster, "etcd-0", "member", "list", check=False).splitlines()) == 3)
    until(lambda: etcdctl(cluster, "etcd-0", "put", "greeting", "hello", check=False).strip() == "OK")
    until(lambda: etcdctl(cluster, "etcd-2", "get", "greeting", check=False).split() == ["greeting", "hello"])

    uid = cluster.get("pod", "etcd-0")["metadata"]["uid"]
    cluster.kubectl("delete", "pod", "etcd-0")
    until(lambda: [p for p in cluster.get("pods", "-l", "app=etcd")["items"]
                   if p["metadata"]["name"] == "etcd-0" and p["metadata"]["uid"] != uid])  # fmt: skip
    cluster.kubectl("wait", "pod/etcd-0", "--for=condition=Ready", "--timeout=120s")
    until(lambda: etcdctl(cluster, "etcd-0", "get", "greeting", check=False).split() == ["greeting", "hello"])

    cluster.kubectl("create", "job", "first-snapshot", "--from=cronjob/etcd-snapshot")
    cluster.kubectl("wait", "job/first-snapshot", "--for=condition=Complete", "--timeout=120s")
    assert "Snapshot saved at /snapshots/" in cluster.kubectl("logs", "job/first-snapshot")
