from __future__ import annotations

from typing import Any

import pytest

from sampan.contracts.access import Decision
from sampan.contracts.options import ClusterOptions
from sampan.hookspecs import hookimpl
from sampan_machinery.resources import ENDPOINT_SLICES as SLICES
from sampan_machinery.resources import ENDPOINTS, LEASES
from sampan_memory.store import MemoryStore
from sampan_namespaces import plugin as namespaces
from sampan_nodes.leases import LEASE
from sampan_server.app import new_app
from sampan_server.plugins.plugins import Plugins
from sampan_services import kinds
from sampan_services.bootstrap import kubernetes_slices
from sampan_services.server_registration import DEAD_AFTER, FREE_AFTER, LONG_AGO, NAMESPACE, ServerRegistration


class Everything:
    """Allows whatever is asked: access is not the subject here."""

    name = "everything"

    def authorize(self, asked: Any) -> tuple[Decision, str]:
        return Decision.ALLOW, ""


class Open:
    @hookimpl
    def contribute_authorizers(self):
        return [Everything()]


class Kinds:
    """What a presence writes, without the duty that would write it by itself."""

    @hookimpl
    def contribute_kinds(self):
        return [*kinds.ALL, LEASE]


class Clock:
    def __init__(self):
        self.now = 1_800_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def cluster():
    plugins = Plugins(entry_points=[], extra={"open": Open(), "namespaces": namespaces, "kinds": Kinds()})
    app = new_app(plugins, store=MemoryStore())
    assert plugins.failures() == []
    yield app.cluster
    app.close()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def presence(cluster, clock):
    """Makes a server's presence in the cluster; the same number is another worker of the same server."""

    def make(number, worker=""):
        options = ClusterOptions(api_endpoint_ip=f"10.0.0.{number}", api_port=6443, node_name=f"host{number}")
        found = ServerRegistration(cluster, options, clock=clock, timer=clock)
        found._holder += worker
        return found

    return make


def addresses(cluster):
    subsets = cluster.get(ENDPOINTS, "kubernetes", "default")["subsets"]
    return [each["ip"] for subset in subsets for each in subset["addresses"]]


def test_every_server_is_an_endpoint(cluster, presence):
    presence(2).look()
    presence(1).look()

    assert addresses(cluster) == ["10.0.0.1", "10.0.0.2"]
    assert [e["addresses"] for e in cluster.get(SLICES, "kubernetes", "default")["endpoints"]] == [
        ["10.0.0.1"], ["10.0.0.2"],
    ]  # fmt: skip
    assert len(cluster.list(LEASES, NAMESPACE)) == 2


def test_a_server_that_does_not_renew_is_dropped(cluster, presence, clock):
    one, other = presence(1), presence(2)
    other.look()
    one.look()
    clock.now += DEAD_AFTER - 1
    one.look()
    assert addresses(cluster) == ["10.0.0.1", "10.0.0.2"]

    clock.now += 2
    one.look()

    assert addresses(cluster) == ["10.0.0.1"]
    assert len(cluster.list(LEASES, NAMESPACE)) == 1


def test_a_server_whose_clock_is_wrong_lives(cluster, presence, clock):
    one, other = presence(1), presence(2)
    for _ in range(10):
        clock.now -= 60
        other.look()
        clock.now += 60
        one.look()
        clock.now += 5

    assert addresses(cluster) == ["10.0.0.1", "10.0.0.2"]


def test_what_was_dead_long_before_the_start_is_dropped_at_once(cluster, presence, clock):
    presence(2).look()
    clock.now += LONG_AGO + 1
    presence(1).look()

    assert addresses(cluster) == ["10.0.0.1"]


def test_a_dropped_server_that_lives_comes_back(cluster, presence, clock):
    one, other = presence(1), presence(2)
    other.look()
    one.look()
    clock.now += DEAD_AFTER + 1
    one.look()

    other.look()
    one.look()

    assert addresses(cluster) == ["10.0.0.1", "10.0.0.2"]


def test_one_of_two_workers_renews_and_the_other_takes_up_what_it_leaves(cluster, presence, clock):
    first, second = presence(1, "-a"), presence(1, "-b")
    first.look()
    clock.now += 5
    second.look()
    assert cluster.list(LEASES, NAMESPACE)[0]["spec"]["holderIdentity"].endswith("-a")

    first.leave()
    second.look()

    assert cluster.list(LEASES, NAMESPACE)[0]["spec"]["holderIdentity"].endswith("-b")
    assert addresses(cluster) == ["10.0.0.1"]


def test_who_takes_leave_is_dropped_sooner(cluster, presence, clock):
    one, other = presence(1), presence(2)
    other.look()
    one.look()
    other.leave()
    one.look()
    clock.now += FREE_AFTER + 1
    one.look()

    assert addresses(cluster) == ["10.0.0.1"]


def test_nothing_is_written_where_nothing_has_changed(cluster, presence):
    one = presence(1)
    one.look()
    before = cluster.get(ENDPOINTS, "kubernetes", "default"), cluster.get(SLICES, "kubernetes", "default")
    one.look()

    assert (cluster.get(ENDPOINTS, "kubernetes", "default"), cluster.get(SLICES, "kubernetes", "default")) == before


def test_servers_on_several_ports_have_a_slice_for_each():
    found = kubernetes_slices([("10.0.0.1", 6443), ("10.0.0.2", 7443), ("10.0.0.3", 6443)])

    assert [(one["metadata"]["name"], one["ports"][0]["port"], len(one["endpoints"])) for one in found] == [
        ("kubernetes", 6443, 2), ("kubernetes-7443", 7443, 1),
    ]  # fmt: skip
