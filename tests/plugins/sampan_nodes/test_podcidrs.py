from __future__ import annotations

import ipaddress

from sampan.contracts.reconciling import Emit, Key, Patch
from sampan_machinery.resources import NODES
from sampan_nodes.podcidrs import ALL, PodCidrs, free_ranges
from sampan_testing.shelves import Shelf


def node(name, cidr="", **metadata):
    spec = {"podCIDR": cidr, "podCIDRs": [cidr]} if cidr else {}
    return {"metadata": {"name": name, "uid": f"uid-{name}", **metadata}, "spec": spec}


def decided(*nodes, cluster="10.244.0.0/16", mask=24, by=None):
    return list((by or PodCidrs(cluster, mask)).decide(ALL, Shelf([(NODES, one) for one in nodes])))


def given(actions):
    return {one.name: one.patch["spec"]["podCIDR"] for one in actions if isinstance(one, Patch)}


def test_each_node_gets_the_lowest_free_range_the_oldest_first():
    actions = decided(
        node("b", creationTimestamp="2026-01-01T00:00:00Z"), node("a", creationTimestamp="2026-01-02T00:00:00Z"),
        node("c", "10.244.0.0/24"),
    )  # fmt: skip

    assert actions == [
        Patch(NODES, "b", "", {"spec": {"podCIDR": "10.244.1.0/24", "podCIDRs": ["10.244.1.0/24"]}}),
        Patch(NODES, "a", "", {"spec": {"podCIDR": "10.244.2.0/24", "podCIDRs": ["10.244.2.0/24"]}}),
    ]


def test_the_range_of_a_deleted_node_is_given_again():
    assert given(decided(node("a"), node("b", "10.244.1.0/24"))) == {"a": "10.244.0.0/24"}


def test_nodes_that_have_a_range_keep_it_and_nothing_is_written():
    assert decided(node("a", "10.244.7.0/24"), node("b", "192.168.0.0/24")) == []


def test_a_node_that_is_being_deleted_gets_none():
    assert decided(node("a", deletionTimestamp="2026-01-01T00:00:00Z")) == []


def test_ranges_of_other_sizes_block_what_they_overlap():
    used = [ipaddress.ip_network("10.0.0.0/23"), ipaddress.ip_network("10.0.2.128/25")]

    free = list(free_ranges(ipaddress.ip_network("10.0.0.0/21"), 24, used))

    assert [str(one) for one in free] == [f"10.0.{third}.0/24" for third in range(3, 8)]


def test_a_range_around_the_cluster_blocks_all_of_it_and_one_elsewhere_nothing():
    cluster = ipaddress.ip_network("10.244.0.0/23")

    assert list(free_ranges(cluster, 24, [ipaddress.ip_network("10.0.0.0/8")])) == []
    assert len(list(free_ranges(cluster, 24, [ipaddress.ip_network("fd00::/64")]))) == 2


def test_addresses_of_version_6_are_divided_too():
    assert given(decided(node("a"), cluster="fd00:10:244::/56", mask=64)) == {"a": "fd00:10:244::/64"}


def test_a_node_without_a_range_is_told_once():
    allocator = PodCidrs("10.244.0.0/24", 24)
    nodes = node("a"), node("b"), node("c", "10.244.0.0/24")

    first, second = decided(*nodes, by=allocator), decided(*nodes, by=allocator)

    assert [(type(one), one.reason) for one in first] == [(Emit, "CIDRNotAvailable")] * 2
    assert second == []


def test_heartbeats_of_nodes_with_a_range_cause_no_decision():
    served, new = node("a", "10.244.0.0/24"), node("b")
    shelf = Shelf([(NODES, served), (NODES, new)])
    concerned = PodCidrs("10.244.0.0/16", 24).concerned

    assert concerned(served, shelf) == ()
    assert concerned(new, shelf) == (ALL,)
    assert concerned(node("gone", "10.244.1.0/24"), shelf) == (ALL,)


def test_without_a_free_range_only_new_nodes_are_looked_at_and_each_once():
    allocator = PodCidrs("10.244.0.0/24", 24)
    served, told, new = node("a", "10.244.0.0/24"), node("b"), node("c")
    decided(served, told, by=allocator)
    shelf = Shelf([(NODES, served), (NODES, told), (NODES, new)])

    assert allocator.concerned(told, shelf) == ()
    assert allocator.concerned(new, shelf) == (Key("", "c"),)
    (event,) = allocator.decide(Key("", "c"), shelf)
    assert (event.about, event.reason) == (new, "CIDRNotAvailable")
    assert allocator.concerned(new, shelf) == ()


def test_a_range_that_becomes_free_goes_to_a_node_that_was_told_there_is_none():
    allocator = PodCidrs("10.244.0.0/24", 24)
    served, told = node("a", "10.244.0.0/24"), node("b")
    decided(served, told, by=allocator)

    assert allocator.concerned(served, Shelf([(NODES, told)])) == (ALL,)
    assert allocator.concerned(told, Shelf([(NODES, told)])) == (ALL,)
    assert given(decided(told, by=allocator)) == {"b": "10.244.0.0/24"}


def test_a_node_made_again_without_its_range_gives_it_back():
    allocator = PodCidrs("10.244.0.0/24", 24)
    served, told, again = node("a", "10.244.0.0/24"), node("b"), node("a", uid="new")
    decided(served, told, by=allocator)

    assert allocator.concerned(served, Shelf([(NODES, again), (NODES, told)])) == (ALL,)
