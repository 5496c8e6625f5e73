"""The score alone, and in the real scheduler among three nodes."""

from __future__ import annotations

import preferred_nodes.plugin
import pytest
from preferred_nodes.score import points

from sampan.contracts.kinds import Resource
from sampan_testing.cluster import start

PODS = Resource("", "v1", "pods", "Pod")
SPEC = {"containers": [{"name": "main", "image": "busybox"}]}


@pytest.mark.parametrize(("value", "worth"), [("true", 100), ("30", 30), ("1000", 100), ("no", 0), ("", 0), ("-5", 0)])
def test_a_label_is_worth_so_much(value, worth):
    assert points(value) == worth


def test_pods_go_to_the_preferred_node():
    with start({"preferred": preferred_nodes.plugin}, settings={"preferred": {"label": "fast"}}) as cluster:
        for name, label in (("two", "true"), ("one", "no"), ("three", "10")):  # best first: later ones may not be known
            cluster.add_node(name, {"fast": label})
        for number in range(5):
            cluster.client.create(PODS, {"metadata": {"name": f"web-{number}"}, "spec": SPEC}, "default")

        nodes = cluster.until(lambda: placed(cluster.client, 5))

    assert nodes == {"two"}


def placed(client, count):
    """Where the pods are, once all have a place."""
    nodes = [pod["spec"].get("nodeName") for pod in client.list(PODS, "default").items]
    return set(nodes) if len(nodes) == count and all(nodes) else None
