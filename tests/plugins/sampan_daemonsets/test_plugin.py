"""DaemonSets in a whole cluster."""

from __future__ import annotations

import pytest

from sampan_machinery.resources import CONTROLLER_REVISIONS, DAEMON_SETS, NODES, PODS
from sampan_testing.cluster import start

ONLY = ("pods", "nodes", "daemonsets", "workloads", "scheduler", "events", "namespaces")


@pytest.fixture
def cluster():
    with start(only=ONLY, nodes=2) as cluster:
        yield cluster


def daemon_set(image="v1", **spec):
    labels = {"app": "agent"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": image}], **spec}}
    return {"metadata": {"name": "agent"}, "spec": {"selector": {"matchLabels": labels}, "template": template}}


def reached(cluster, **wanted):
    found = cluster.client.get(DAEMON_SETS, "agent", "default")
    status = found.get("status") or {}
    seen = status.get("observedGeneration") == found["metadata"]["generation"]
    return seen and all(status.get(key) == value for key, value in wanted.items())


def placed(cluster):
    found = cluster.client.list(PODS, "default").items
    return sorted((pod["spec"].get("nodeName"), pod["spec"]["containers"][0]["image"]) for pod in found)


def test_a_set_comes_up_is_updated_and_rolled_back(cluster):
    cluster.client.create(DAEMON_SETS, daemon_set(), "default")
    cluster.until(lambda: reached(cluster, numberAvailable=2, numberReady=2))
    cluster.until(lambda: placed(cluster) == [("node-1", "v1"), ("node-2", "v1")])
    (first,) = cluster.client.list(CONTROLLER_REVISIONS, "default").items

    change = {"spec": {"template": {"spec": {"containers": [{"name": "c", "image": "v2"}]}}}}
    cluster.client.patch(DAEMON_SETS, "agent", change, "default", how="strategic")
    cluster.until(lambda: reached(cluster, updatedNumberScheduled=2, numberAvailable=2))
    cluster.until(lambda: placed(cluster) == [("node-1", "v2"), ("node-2", "v2")])

    cluster.client.patch(DAEMON_SETS, "agent", first["data"], "default", how="strategic")
    cluster.until(lambda: reached(cluster, updatedNumberScheduled=2, numberAvailable=2))
    cluster.until(lambda: placed(cluster) == [("node-1", "v1"), ("node-2", "v1")])

    def number():
        found = {each["metadata"]["name"]: each["revision"] for each in cluster.client.list(CONTROLLER_REVISIONS).items}
        return found[first["metadata"]["name"]]

    cluster.until(lambda: number() == 3)


def test_a_node_that_gets_the_label_gets_a_pod(cluster):
    cluster.client.create(DAEMON_SETS, daemon_set(nodeSelector={"pool": "a"}), "default")
    cluster.until(lambda: reached(cluster, desiredNumberScheduled=0))

    cluster.client.patch(NODES, "node-2", {"metadata": {"labels": {"pool": "a"}}})
    cluster.until(lambda: reached(cluster, numberReady=1) and placed(cluster) == [("node-2", "v1")])

    cluster.client.patch(NODES, "node-2", {"metadata": {"labels": {"pool": None}}})
    cluster.until(lambda: reached(cluster, numberReady=0) and placed(cluster) == [])
