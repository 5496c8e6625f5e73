from __future__ import annotations

import pytest

from sampan.errors import ConfigError, NotFound, TooManyRequests
from sampan_client.client import Listing
from sampan_joining.nodes import Draining, cells, rows

NOW = 1_800_000_000.0


def pod(name):
    owner = {"kind": "ReplicaSet", "controller": True}
    return {"metadata": {"name": name, "namespace": "a", "uid": name, "ownerReferences": [owner]}, "spec": {}}


class Api:
    """A node whose pods go as soon as they are evicted, unless a budget refuses ``refusals`` times."""

    def __init__(self, *pods, refusals=0, stuck=False):
        self.pods, self.refusals, self.stuck = list(pods), refusals, stuck
        self.patched, self.evicted = [], []

    def patch(self, resource, name, patch):
        if name != "n":
            raise NotFound(f"nodes {name} not found")
        self.patched.append(patch)

    def list(self, resource, *, fields):
        assert fields == "spec.nodeName=n"
        return Listing(list(self.pods), "1")

    def request(self, verb, path, *, body):
        if self.refusals:
            self.refusals -= 1
            raise TooManyRequests("Cannot evict pod as it would violate the pod's disruption budget.")
        self.evicted.append((path, body["deleteOptions"]["preconditions"]["uid"]))
        if not self.stuck:
            self.pods = [one for one in self.pods if one["metadata"]["name"] != body["metadata"]["name"]]


def drained(api, node="n", limit=100.0, **how):
    said, slept, now = [], [], [0.0]

    def sleep(seconds):
        slept.append(seconds)
        now[0] += seconds

    draining = Draining(api, node, limit, said.append, clock=lambda: now[0], sleep=sleep)
    draining.run(**{"force": False, "delete_data": False, **how})
    return said


def test_a_node_is_cordoned_and_its_pods_are_evicted():
    api = Api(pod("x"), pod("y"))

    assert drained(api) == ["pod a/x is evicted", "pod a/y is evicted"]
    assert api.patched == [{"spec": {"unschedulable": True}}]
    assert api.evicted[0] == ("/api/v1/namespaces/a/pods/x/eviction", "x")


def test_an_eviction_that_a_budget_refuses_is_tried_again():
    said = drained(Api(pod("x"), refusals=2))

    assert [one.split(":")[0] for one in said] == ["pod a/x waits"] * 2 + ["pod a/x is evicted"]


def test_pods_that_object_are_named_before_the_first_goes():
    api = Api({**pod("x"), "metadata": {"name": "x", "namespace": "a", "uid": "x"}}, pod("y"))

    with pytest.raises(ConfigError, match="cordoned but not drained:\n  pod a/x is made again by nothing"):
        drained(api)
    assert api.evicted == []


def test_pods_that_do_not_go_in_time_are_named():
    api = Api(pod("x"), stuck=True)

    with pytest.raises(ConfigError, match="not drained in time; still there: pod a/x"):
        drained(api, limit=5.0)
    assert len(api.evicted) == 1


def test_an_unknown_node_is_said_to_be_none():
    with pytest.raises(ConfigError, match="there is no node other"):
        drained(Api(), node="other")


def test_nodes_are_shown_by_name():
    node = {
        "metadata": {"name": "n", "creationTimestamp": "2027-01-15T07:00:00Z"},
        "spec": {"unschedulable": True, "podCIDR": "10.244.1.0/24"},
        "status": {
            "conditions": [{"type": "Ready", "status": "True"}],
            "addresses": [{"type": "InternalIP", "address": "192.0.2.7"}],
            "nodeInfo": {"containerRuntimeVersion": "exec://1.0"},
        },
    }

    assert cells(node, NOW) == ("n", "Ready,SchedulingDisabled", "60m", "192.0.2.7", "10.244.1.0/24", "exec://1.0")
    head, first, second = rows([node, {"metadata": {"name": "a"}}], NOW)
    assert head[0] == "NAME" and first[:2] == ("a", "NotReady") and second[0] == "n"
