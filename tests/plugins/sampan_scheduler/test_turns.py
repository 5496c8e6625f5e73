"""The scheduler in turns, by the caller's clock."""

from __future__ import annotations

from sampan_machinery.resources import PODS
from sampan_testing.cluster import start

POD = {"metadata": {"name": "a"}, "spec": {"containers": [{"name": "main", "image": "x"}]}}


def test_a_pod_without_a_node_is_placed_once_there_is_one():
    with start(travel=True) as cluster:
        cluster.client.create(PODS, POD, "default")
        cluster.engine.settle()
        before = cluster.client.get(PODS, "a", "default")

        cluster.add_node("late")
        cluster.clock.advance(15)

        after = cluster.client.get(PODS, "a", "default")
    assert "nodeName" not in before["spec"]
    assert before["status"]["conditions"][0]["reason"] == "Unschedulable"
    assert (after["spec"]["nodeName"], after["status"]["phase"]) == ("late", "Running")


def test_after_a_restart_what_is_bound_stays_and_what_waits_is_placed():
    with start(nodes=["one"], travel=True) as cluster:
        cluster.client.create(PODS, POD, "default")
        cluster.engine.restart("scheduler")
        cluster.engine.settle()

        assert cluster.client.get(PODS, "a", "default")["spec"]["nodeName"] == "one"
