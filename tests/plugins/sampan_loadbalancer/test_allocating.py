"""Addresses for Services, decided in a small world."""

from __future__ import annotations

import pytest

from sampan_loadbalancer.allocating import SHARED, current, reconciler
from sampan_loadbalancer.pools import Pool
from sampan_machinery.resources import SERVICES
from sampan_testing.simulation import World

OWN = "sampan.dev/loadbalancer"


class Town(World):
    pool = Pool(["192.0.2.1-192.0.2.2"])
    reserved = Pool(["192.0.2.100"])

    def service(self, name, *, share="", port=80, **spec):
        metadata = {"name": name, "namespace": "d", **({"annotations": {SHARED: share}} if share else {})}
        spec = {"type": "LoadBalancer", "ports": [{"port": port, "protocol": "TCP"}], **spec}
        return self.create(SERVICES, {"metadata": metadata, "spec": spec})

    def addresses(self):
        self.settle([reconciler(self.pool, self.reserved, OWN)])
        return {one["metadata"]["name"]: current(one) for one in self.list(SERVICES, "d")}


@pytest.fixture
def town():
    return Town()


def test_each_service_gets_an_address_of_its_own_and_keeps_it(town):
    town.service("a")
    assert town.addresses() == {"a": "192.0.2.1"}
    town.service("b")
    town.service("c")
    assert town.addresses() == {"a": "192.0.2.1", "b": "192.0.2.2", "c": ""}

    town.remove(SERVICES, "a", "d")
    assert town.addresses() == {"b": "192.0.2.2", "c": "192.0.2.1"}


def test_an_address_asked_for_is_given_once_and_a_reserved_one_only_then(town):
    town.service("a", loadBalancerIP="192.0.2.100")
    town.service("b", loadBalancerIP="192.0.2.100")
    town.service("c", loadBalancerIP="198.51.100.1")
    assert town.addresses() == {"a": "192.0.2.100", "b": "", "c": ""}


def test_other_classes_and_types_are_left_alone(town):
    town.service("other", loadBalancerClass="example.org/other")
    town.service("own", loadBalancerClass=OWN)
    town.service("plain", type="ClusterIP")
    assert town.addresses() == {"other": "", "own": "192.0.2.1", "plain": ""}


def test_services_share_an_address_if_they_say_so_and_their_ports_differ(town):
    town.service("a", share="web")
    town.service("b", share="web", port=443)
    town.service("same-port", share="web")
    town.service("local", share="web", port=8443, externalTrafficPolicy="Local")
    assert town.addresses() == {"a": "192.0.2.1", "b": "192.0.2.1", "local": "192.0.2.2", "same-port": ""}


def test_an_address_outside_of_the_pool_is_replaced(town):
    town.service("a")
    town.addresses()
    town.pool = Pool(["198.51.100.7"])
    assert town.addresses() == {"a": "198.51.100.7"}
    town.pool = Pool()
    assert town.addresses() == {"a": ""}


def test_the_status_says_that_packets_arrive_with_the_address(town):
    town.service("a")
    town.addresses()
    assert town.get(SERVICES, "a", "d")["status"]["loadBalancer"] == {"ingress": [{"ip": "192.0.2.1", "ipMode": "VIP"}]}
