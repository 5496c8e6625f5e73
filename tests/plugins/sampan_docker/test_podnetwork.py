from __future__ import annotations

from contextlib import suppress

import pytest

from sampan_docker import podnetwork
from sampan_docker.podnetwork import PodNetwork, body, ensure, is_as, named, remove
from sampan_runtime.contracts import RuntimeFailure

NETWORK = named("0123456789ab", "10.244.1.0/24", 1450)


class Daemon:
    def __init__(self, found=None):
        self.found, self.done = found, []

    def inspect_network(self, name):
        if self.found is None:
            raise LookupError(name)
        return self.found

    def create_network(self, **asked):
        self.done.append(("create", asked["name"]))

    def remove_network(self, name):
        self.done.append(("remove", name))

    def remove_container(self, identifier, **_):
        self.done.append(("container", identifier))


@pytest.fixture(autouse=True)
def ask(monkeypatch):
    """The SDK's errors, as engine.ask translates them."""

    def translated(reason, call, *arguments, **named):
        try:
            return call(*arguments, **named)
        except LookupError as error:
            failure = RuntimeFailure(reason, str(error))
            failure.__cause__ = SimpleError()
            raise failure from SimpleError()

    monkeypatch.setattr(podnetwork, "ask", translated)


class SimpleError(Exception):
    status_code = 404


def existing(subnet="10.244.1.0/24", mtu="1450", **more):
    return {"IPAM": {"Config": [{"Subnet": subnet}]}, "Options": {"com.docker.network.driver.mtu": mtu}, **more}


def test_the_bridge_has_the_nodes_range_and_translates_nothing():
    asked = body(NETWORK, {"a": "b"})

    assert asked["ipam"]["Config"] == [{"Subnet": "10.244.1.0/24", "Gateway": "10.244.1.1"}]
    assert asked["options"]["com.docker.network.bridge.enable_ip_masquerade"] == "false"
    assert asked["options"]["com.docker.network.driver.mtu"] == "1450"
    assert asked["labels"] == {"a": "b"}


def test_names_are_the_homes_and_fit():
    assert PodNetwork("sampan_0123456789ab", "sn0123456789ab", "10.244.1.0/24", 1450) == NETWORK
    assert len(named("0123456789abcdef").bridge) == 15


def test_it_is_made_once():
    daemon = Daemon()
    ensure(daemon, NETWORK, "c", "/home")
    assert daemon.done == [("create", NETWORK.name)]

    daemon = Daemon(existing())
    ensure(daemon, NETWORK, "c", "/home")
    assert daemon.done == []


def test_one_with_another_range_goes_with_the_containers_on_it():
    daemon = Daemon(existing("10.244.9.0/24", Containers={"one": {}}))

    ensure(daemon, NETWORK, "c", "/home")

    assert daemon.done == [("container", "one"), ("remove", NETWORK.name), ("create", NETWORK.name)]
    assert not is_as(existing(mtu="1500"), NETWORK)


def test_removing_what_is_not_there_is_nothing():
    daemon = Daemon()

    with suppress(RuntimeFailure):
        remove(daemon, NETWORK.name)
    assert daemon.done == []
