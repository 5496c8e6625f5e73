from sampan_devices.allocation.pools import Pools
from sampan_devices.allocation.records import Node

LABEL = {"nodeSelectorTerms": [{"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}]}]}


def on(build, name="n", **labels):
    return Pools(build.slices).on(Node(name, labels))


def names(pools):
    return [[each.id.device for each in pool.candidates] for pool in pools]


def test_a_node_sees_its_own_slices_those_of_all_nodes_and_those_that_select_it(build):
    build.slice("mine", pool="1", nodeName="n")
    build.slice("other", pool="2", nodeName="m")
    build.slice("any", pool="3")
    build.slice("zone", pool="4", nodeSelector=LABEL)

    assert names(on(build)) == [["mine"], ["any"]]
    assert names(on(build, "m", zone="a")) == [["other"], ["any"], ["zone"]]


def test_devices_may_say_themselves_where_they_can_be_used(build):
    build.slice({"name": "a", "nodeName": "n"}, {"name": "b", "nodeSelector": LABEL}, {"name": "c", "allNodes": True},
                perDeviceNodeSelection=True)  # fmt: skip

    assert names(on(build)) == [["a", "c"]]
    assert names(on(build, "m", zone="a")) == [["b", "c"]]


def test_only_the_newest_generation_counts_on_whatever_node(build):
    build.slice("old", nodeName="n", generation=1)
    build.slice("new", nodeName="m", generation=2)

    assert names(on(build)) == []
    assert names(on(build, "m")) == [["new"]]


def test_an_older_slice_that_is_seen_later_is_ignored(build):
    build.slice("new", generation=2)
    build.slice("old", generation=1)

    assert names(on(build)) == [["new"]]


def test_a_pool_is_incomplete_until_all_its_slices_are_there(build):
    build.slice("a", count=2, nodeName="n")
    (pool,) = on(build)
    assert pool.incomplete and not pool.candidates

    build.slice("b", count=2, nodeName="m")
    assert names(on(build)) == [["a"]]


def test_a_pool_whose_devices_or_counters_contradict_each_other_is_invalid(build):
    build.slice("a", "a", pool="1")
    build.slice(
        {"name": "a", "consumesCounters": [{"counterSet": "none", "counters": {"x": {"value": "1"}}}]}, pool="2"
    )
    build.slice(pool="3", count=2, sharedCounters=[{"name": "s"}, {"name": "s"}])
    build.slice({"name": "a", "consumesCounters": [{"counterSet": "s", "counters": {"x": {"value": "1"}}}]},
                pool="3", count=2)  # fmt: skip

    assert [each.invalid for each in on(build)] == [
        "duplicate device name a", "counter set none not found", "duplicate counter set name s",
    ]  # fmt: skip


def test_an_unknown_counter_makes_a_pool_invalid(build):
    build.slice(count=2, sharedCounters=[{"name": "s", "counters": {"y": {"value": "1"}}}])
    build.slice({"name": "a", "consumesCounters": [{"counterSet": "s", "counters": {"x": {"value": "1"}}}]}, count=2)

    assert [each.invalid for each in on(build)] == ["counter x not found in counter set s"]


def test_pools_with_binding_conditions_come_last(build):
    build.slice({"name": "a", "bindingConditions": ["attached"]}, pool="1")
    build.slice("b", pool="2")

    assert names(on(build)) == [["b"], ["a"]]
