"""The objects of hollow nodes."""

from __future__ import annotations

from sampan_hollow import nodes
from sampan_hollow.plugin import Settings

NOW = 1_800_000_000.0


def test_a_node_is_as_the_settings_say():
    settings = Settings(
        nodes=2, cpu="8", resources={"example.org/gpu": "4"}, labels={"tier": "a"}, taints=("x=y:NoSchedule",
        "z:NoExecute"), zones=("one", "two"),
    )  # fmt: skip
    node = nodes.node_object(settings, 2, "127.32.0.2", 1234, "v1.36.2", NOW)

    assert node["metadata"]["name"] == "hollow-2"
    assert node["metadata"]["labels"]["tier"] == "a"
    assert node["metadata"]["labels"]["topology.kubernetes.io/zone"] == "two"
    assert node["status"]["allocatable"]["cpu"] == "8"
    assert node["status"]["allocatable"]["example.org/gpu"] == "4"
    assert node["spec"]["taints"] == [
        {"key": "x", "effect": "NoSchedule", "value": "y"},
        {"key": "z", "effect": "NoExecute"},
    ]
    assert node["status"]["daemonEndpoints"]["kubeletEndpoint"]["Port"] == 1234
    assert nodes.port_of(node) == 1234 and nodes.port_of({"status": {}}) == 0
    assert nodes.is_managed(node)
    assert not nodes.is_lost(node)


def test_a_lease_is_the_nodes_own_and_says_when_it_was_renewed():
    lease = nodes.lease_object("a", 40, "uid", NOW, {"resourceVersion": "7"})

    assert lease["metadata"]["ownerReferences"][0]["uid"] == "uid"
    assert lease["metadata"]["resourceVersion"] == "7"
    assert lease["spec"]["renewTime"] == "2027-01-15T08:00:00.000000Z"
