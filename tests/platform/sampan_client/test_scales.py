from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from sampan_client.scales import NoSuchTarget, Targets

BOAT = {"apiVersion": "toys.example/v1", "kind": "Boat", "name": "a"}


class Server:
    """Answers discovery with the kinds it is told."""

    def __init__(self, *kinds):
        self.kinds, self.asked, self.scaled = list(kinds), 0, False

    def request(self, method, path):
        assert path == "/apis/toys.example/v1"
        self.asked += 1
        found = [{"name": f"{kind.lower()}s", "kind": kind, "namespaced": True} for kind in self.kinds]
        if self.scaled:
            found += [{"name": f"{kind.lower()}s/scale", "kind": "Scale", "namespaced": True} for kind in self.kinds]
        return SimpleNamespace(body=json.dumps({"resources": found}))


@pytest.fixture
def clock():
    return SimpleNamespace(now=100.0)


def test_a_list_is_remembered(clock):
    server = Server("Boat")
    targets = Targets(server, lambda: clock.now)

    assert targets.resource(BOAT).plural == "boats"
    clock.now += 59
    assert targets.resource(BOAT).plural == "boats"
    assert server.asked == 1


def test_a_scale_is_there_where_discovery_names_the_subresource(clock):
    server = Server("Boat")
    targets = Targets(server, lambda: clock.now)

    assert not targets.has_scale(targets.resource(BOAT))

    server.scaled = True
    clock.now += 61
    assert targets.has_scale(targets.resource(BOAT))


def test_a_kind_that_came_since_is_found(clock):
    server = Server("Car")
    targets = Targets(server, lambda: clock.now)
    with pytest.raises(NoSuchTarget):
        targets.resource(BOAT)

    server.kinds.append("Boat")
    clock.now += 2

    assert targets.resource(BOAT).plural == "boats"


def test_a_kind_that_is_nowhere_is_not_asked_for_all_the_time(clock):
    server = Server("Car")
    targets = Targets(server, lambda: clock.now)

    for _ in range(10):
        with pytest.raises(NoSuchTarget, match="no matches for kind"):
            targets.resource(BOAT)

    assert server.asked == 1
