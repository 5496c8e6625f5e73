from __future__ import annotations

import pytest

from sampan_federation.members.registry import MemberUnavailable
from sampan_federation.resources import CLUSTERS
from sampan_machinery.resources import NODES


def test_a_client_is_kept_until_the_address_changes(fleet):
    registry = fleet.registry
    first = registry.client("east")
    assert registry.client("east") is first

    fleet.client.patch(CLUSTERS, "east", {"spec": {"apiEndpoint": "https://other.invalid:6443"}})
    fleet.settle()
    assert registry.client("east") is not first

    registry.forget("east")
    assert len(registry.client("east").list(NODES).items) == 1


def test_listeners_hear_of_each_member(fleet):
    heard = []
    fleet.registry.on_change(heard.append)
    assert heard == ["east", "north", "west"]
    fleet.client.patch(CLUSTERS, "east", {"metadata": {"labels": {"a": "b"}}})
    fleet.settle()
    assert heard[-1] == "east"


def test_one_that_is_not_there_is_unavailable(fleet):
    with pytest.raises(MemberUnavailable, match="no cluster nowhere"):
        fleet.registry.client("nowhere")
    assert fleet.registry.get("east")["metadata"]["name"] == "east"
    assert [each["metadata"]["name"] for each in fleet.registry.list()] == ["east", "north", "west"]
