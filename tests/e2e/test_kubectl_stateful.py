"""kubectl, unmodified, on StatefulSets, DaemonSets, ReplicationControllers and disruption budgets."""

from __future__ import annotations

import subprocess

import pytest
from clusters import Cluster, until

pytestmark = pytest.mark.kubectl

WAIT = "--timeout=120s"


def workload(cluster: Cluster, kind: str, name: str, **spec: object) -> dict:
    container = {
        "name": "main", "image": cluster.image, "command": ["sh", "-c", "sleep 3600"],
        "env": [{"name": "VERSION", "value": "1"}],
    }  # fmt: skip
    template = {
        "metadata": {"labels": {"app": name}},
        "spec": {"terminationGracePeriodSeconds": 0, "containers": [container]},
    }
    selector = {} if kind == "ReplicationController" else {"selector": {"matchLabels": {"app": name}}}
    return {
        "apiVersion": "v1" if kind == "ReplicationController" else "apps/v1", "kind": kind, "metadata": {"name": name},
        "spec": {"template": template, **selector, **spec},
    }  # fmt: skip


def version(cluster: Cluster, pod: str) -> str:
    found = cluster.get("pod", pod)["spec"]["containers"][0]["env"]
    return next(each["value"] for each in found if each["name"] == "VERSION")


def test_a_stateful_set_is_rolled_out_undone_and_scaled(cluster, namespace):
    cluster.apply(workload(cluster, "StatefulSet", "db", serviceName="db", replicas=2))
    cluster.kubectl("rollout", "status", "statefulset/db", WAIT)
    assert cluster.kubectl("get", "statefulset", "db").splitlines()[1].split()[:2] == ["db", "2/2"]
    assert cluster.get("pod", "db-1")["spec"]["hostname"] == "db-1"

    cluster.kubectl("set", "env", "statefulset/db", "VERSION=2")
    cluster.kubectl("rollout", "status", "statefulset/db", WAIT)
    assert version(cluster, "db-0") == version(cluster, "db-1") == "2"

    until(lambda: cluster.kubectl("rollout", "history", "statefulset/db").split()[-2:] == ["2", "<none>"])
    cluster.kubectl("rollout", "undo", "statefulset/db")
    until(lambda: cluster.kubectl("rollout", "history", "statefulset/db").split()[-2:] == ["3", "<none>"])
    assert "skipped rollback" in cluster.kubectl("rollout", "undo", "statefulset/db", "--to-revision=3")
    cluster.kubectl("rollout", "status", "statefulset/db", WAIT)
    assert version(cluster, "db-0") == "1"

    cluster.kubectl("scale", "statefulset/db", "--replicas=1")
    until(lambda: [pod["metadata"]["name"] for pod in cluster.get("pods")["items"]] == ["db-0"])


def test_a_daemon_set_is_rolled_out_undone_and_restarted(cluster, namespace):
    cluster.apply(workload(cluster, "DaemonSet", "agent"))
    cluster.kubectl("rollout", "status", "daemonset/agent", WAIT)
    assert cluster.kubectl("get", "daemonset", "agent").splitlines()[1].split()[:6] == [
        "agent",
        "1",
        "1",
        "1",
        "1",
        "1",
    ]

    cluster.kubectl("set", "env", "daemonset/agent", "VERSION=2")
    cluster.kubectl("rollout", "status", "daemonset/agent", WAIT)
    cluster.kubectl("rollout", "undo", "daemonset/agent")
    cluster.kubectl("rollout", "status", "daemonset/agent", WAIT)
    cluster.kubectl("rollout", "restart", "daemonset/agent")
    cluster.kubectl("rollout", "status", "daemonset/agent", WAIT)

    (pod,) = (pod for pod in cluster.get("pods")["items"] if "deletionTimestamp" not in pod["metadata"])
    assert version(cluster, pod["metadata"]["name"]) == "1"
    until(lambda: "SuccessfulCreate" in cluster.kubectl("describe", "daemonset", "agent"))


def test_a_drain_waits_for_the_budget(cluster, namespace):
    cluster.apply(workload(cluster, "ReplicationController", "web", replicas=1))
    until(lambda: cluster.get("replicationcontroller", "web").get("status", {}).get("readyReplicas") == 1)
    cluster.kubectl("create", "poddisruptionbudget", "web", "--selector=app=web", "--min-available=1")
    until(lambda: cluster.get("pdb", "web")["status"].get("currentHealthy") == 1)
    (node,) = (node["metadata"]["name"] for node in cluster.get("nodes")["items"])
    drain = ("drain", node, "--ignore-daemonsets", "--force", "--delete-emptydir-data", "--pod-selector=app=web")
    try:
        refused = cluster.popen(*drain, WAIT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:  # it asks again and again
            why = "Cannot evict pod as it would violate the pod's disruption budget."
            assert any(why in line for line in refused.stdout)
        finally:
            refused.terminate()
            refused.communicate()

        cluster.kubectl("patch", "pdb", "web", "-p", '{"spec": {"minAvailable": 0}}')
        until(lambda: cluster.get("pdb", "web")["status"].get("disruptionsAllowed") == 1)
        cluster.kubectl(*drain, WAIT)
    finally:
        cluster.kubectl("uncordon", node)
    until(lambda: cluster.get("replicationcontroller", "web").get("status", {}).get("readyReplicas") == 1)
