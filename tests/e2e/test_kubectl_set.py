"""kubectl, unmodified: set and rollout, whose subject is the template of a workload."""

from __future__ import annotations

import pytest
from clusters import Cluster, until

pytestmark = pytest.mark.kubectl


@pytest.fixture
def cluster(exec_cluster: Cluster) -> Cluster:
    return exec_cluster


@pytest.fixture
def web(cluster: Cluster, namespace: str) -> str:
    """A Deployment that is rolled out."""
    container = {"name": "main", "image": "busybox:1", "command": ["sh", "-c", "while true; do sleep 0.2; done"]}
    template = {
        "metadata": {"labels": {"app": "web"}},
        "spec": {"terminationGracePeriodSeconds": 0, "containers": [container]},
    }
    cluster.apply({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
        "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": template},
    })  # fmt: skip
    cluster.kubectl("rollout", "status", "deployment/web", "--timeout=120s")
    return "deployment/web"


def main(cluster: Cluster) -> dict:
    return cluster.get("deployment", "web")["spec"]["template"]["spec"]["containers"][0]


def test_set_changes_one_part_of_the_template(cluster, web):
    cluster.kubectl("create", "configmap", "settings", "--from-literal=ship=ark")
    cluster.kubectl("create", "serviceaccount", "robot")

    cluster.kubectl("set", "image", web, "main=busybox:2")
    cluster.kubectl("set", "resources", web, "--limits=cpu=200m,memory=64Mi", "--requests=cpu=10m")
    cluster.kubectl("set", "env", web, "PLAIN=1", "GONE=1")
    cluster.kubectl("set", "env", web, "--from=configmap/settings", "--prefix=FROM_")
    cluster.kubectl("set", "env", web, "GONE-")
    cluster.kubectl("set", "serviceaccount", web, "robot")

    found = main(cluster)
    assert found["image"] == "busybox:2"
    assert found["resources"] == {"limits": {"cpu": "200m", "memory": "64Mi"}, "requests": {"cpu": "10m"}}
    source = {"configMapKeyRef": {"name": "settings", "key": "ship"}}
    assert found["env"] == [{"name": "PLAIN", "value": "1"}, {"name": "FROM_SHIP", "valueFrom": source}]
    assert cluster.get("deployment", "web")["spec"]["template"]["spec"]["serviceAccountName"] == "robot"
    listed = cluster.kubectl("set", "env", web, "--list", "--resolve").splitlines()
    assert listed[1:] == ["PLAIN=1", "FROM_SHIP=ark"]
    cluster.kubectl("rollout", "status", web, "--timeout=120s")


def test_set_changes_selectors_and_subjects(cluster, namespace):
    cluster.kubectl("create", "service", "clusterip", "web", "--tcp=80:8080")
    cluster.kubectl("create", "rolebinding", "views", "--clusterrole=view", "--user=ann")

    cluster.kubectl("set", "selector", "service/web", "app=other,tier=x")
    cluster.kubectl("set", "subject", "rolebinding", "views", "--user=joe", "--group=crew")

    assert cluster.get("service", "web")["spec"]["selector"] == {"app": "other", "tier": "x"}
    subjects = [(each["kind"], each["name"]) for each in cluster.get("rolebinding", "views")["subjects"]]
    assert subjects == [("User", "ann"), ("User", "joe"), ("Group", "crew")]


def test_a_paused_rollout_waits_and_goes_on_when_resumed(cluster, web):
    cluster.kubectl("set", "env", web, "VERSION=1")
    cluster.kubectl("rollout", "status", web, "--timeout=120s")
    cluster.kubectl("rollout", "pause", web)
    assert "is already paused" in cluster.kubectl("rollout", "pause", web, check=False)
    cluster.kubectl("set", "env", web, "VERSION=2")

    assert "you cannot rollback a paused deployment" in cluster.kubectl("rollout", "undo", web, check=False)
    assert "timed out waiting" in cluster.kubectl("rollout", "status", web, "--timeout=1s", check=False)
    assert len(cluster.get("replicasets", "-l", "app=web")["items"]) == 2

    cluster.kubectl("rollout", "resume", web)
    assert "successfully rolled out" in cluster.kubectl("rollout", "status", web, "--timeout=120s")
    assert len(cluster.get("replicasets", "-l", "app=web")["items"]) == 3


def test_history_names_causes_and_undo_finds_a_revision(cluster, web):
    def rows() -> list[list[str]]:
        return [line.split(None, 1) for line in cluster.kubectl("rollout", "history", web).splitlines()[2:] if line]

    cluster.kubectl("annotate", web, "kubernetes.io/change-cause=the first")
    until(lambda: rows() == [["1", "the first"]], why="the controller gives a cause to the newest revision alone")
    for number in (2, 3):
        cluster.kubectl("set", "env", web, f"VERSION={number}")
        cluster.kubectl("annotate", "--overwrite", web, f"kubernetes.io/change-cause=number {number}")
        cluster.kubectl("rollout", "status", web, "--timeout=120s")
        until(lambda number=number: rows()[-1] == [str(number), f"number {number}"])

    assert rows() == [["1", "the first"], ["2", "number 2"], ["3", "number 3"]]
    assert "VERSION:\t2" in cluster.kubectl("rollout", "history", web, "--revision=2")

    cluster.kubectl("rollout", "undo", web, "--to-revision=2")
    cluster.kubectl("rollout", "status", web, "--timeout=120s")

    assert main(cluster)["env"] == [{"name": "VERSION", "value": "2"}]
    until(lambda: [row[0] for row in rows()] == ["1", "3", "4"])
    assert "unable to find specified revision 9" in cluster.kubectl(
        "rollout", "undo", web, "--to-revision=9", check=False
    )  # fmt: skip


def test_restart_replaces_each_pod_and_scale_checks_what_it_was(cluster, web):
    old = {each["metadata"]["uid"] for each in cluster.get("pods", "-l", "app=web")["items"]}

    cluster.kubectl("rollout", "restart", web)
    cluster.kubectl("rollout", "status", web, "--timeout=120s")

    alive = {
        each["metadata"]["uid"]
        for each in cluster.get("pods", "-l", "app=web")["items"]
        if "deletionTimestamp" not in each["metadata"]
    }
    assert alive and not alive & old
    assert "Expected replicas to be 5, was 1" in cluster.kubectl(
        "scale", web, "--current-replicas=5", "--replicas=3", check=False
    )  # fmt: skip
    cluster.kubectl("scale", web, "--current-replicas=1", "--replicas=0")
    cluster.kubectl("autoscale", web, "--min=1", "--max=3", "--cpu=50%")
    assert cluster.get("hpa", "web")["spec"]["maxReplicas"] == 3
