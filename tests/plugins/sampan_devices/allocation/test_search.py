import pytest

from sampan_devices.allocation import search as searching
from sampan_devices.allocation.records import AllocationError, DeviceId
from sampan_devices.allocation.search import tolerates


def device(name, *, taints=(), **attributes):
    kinds = {int: "int", str: "string", bool: "bool"}
    values = {key: {kinds[type(value)]: value} for key, value in attributes.items()}
    return {"name": name, "attributes": values, "taints": list(taints)}


def busy(build, *names, pool="p"):
    build.devices |= {DeviceId("gpu.test", pool, name): 1 for name in names}


def test_the_first_devices_that_are_free_are_taken(build, found):
    build.slice("a", "b", "c")
    busy(build, "a")

    assert found(build.claim(build.request(count=2))) == [["b", "c"]]
    assert found(build.claim(build.request(count=3))) is None


def test_pools_and_slices_are_taken_in_the_order_of_their_names(build, found):
    build.slice("z", name="z", count=2)
    build.slice("a", name="y", count=2)
    build.slice("b", pool="o")

    assert found(build.claim(build.request(count=3))) == [["b", "a", "z"]]


def test_two_claims_of_a_pod_share_no_device(build, found):
    build.slice("a", "b")
    one, other = (build.claim(build.request(), name=name) for name in ("one", "other"))

    assert found(one, other) == [["a"], ["b"]]
    assert found(one, other, build.claim(build.request())) is None


def test_the_selectors_of_the_class_and_of_the_request_count(build, found):
    build.klass("big", 'device.attributes["gpu.test"].size > 1')
    build.slice(device("a", size=1, tone="red"), device("b", size=2, tone="red"), device("c", size=2, tone="blue"))
    blue = build.request("r", 'device.attributes["gpu.test"].tone == "blue"', klass="big")

    assert found(build.claim(blue)) == [["c"]]
    assert found(build.claim(build.request(klass="big", count=2))) == [["b", "c"]]


def test_an_earlier_choice_is_taken_back_where_a_later_request_needs_it(build, found):
    build.slice(device("a", big=True), device("b", big=False))
    claim = build.claim(build.request("any"), build.request("big", 'device.attributes["gpu.test"].big'))

    assert found(claim) == [["b", "a"]]


def test_the_first_alternative_that_can_be_had_is_taken(build, found, search):
    build.slice("a", "b")
    claim = build.claim(build.first_of("r", build.request("many", count=3), build.request("few", count=2)))

    assert found(claim) == [["a", "b"]]
    assert [each.wanted.name for each in search(claim).run()[0]] == ["r/few", "r/few"]


def test_all_means_every_device_that_suits(build, found):
    build.slice(device("a", big=True), device("b", big=False), device("c", big=True))
    everything = build.request("r", 'device.attributes["gpu.test"].big', allocationMode="All")

    assert found(build.claim(everything)) == [["a", "c"]]
    busy(build, "c")
    assert found(build.claim(everything)) is None
    assert found(build.claim(build.request("r", "false", allocationMode="All"))) is None


def test_all_waits_for_pools_that_are_being_updated(build, search):
    build.slice("a", count=2)

    with pytest.raises(AllocationError, match=r"resource pool gpu\.test/p is currently being updated"):
        search(build.claim(build.request(allocationMode="All")))


def test_access_for_administrators_shares_devices_with_other_claims(build, found):
    build.slice("a")
    busy(build, "a")
    admin = build.request(adminAccess=True)

    assert found(build.claim(admin)) == [["a"]]
    assert found(build.claim(admin, build.request("s", adminAccess=True))) is None


def test_a_taint_keeps_requests_off_that_do_not_tolerate_it(build, found):
    build.slice(
        device("a", taints=[{"key": "broken", "effect": "NoExecute"}]), device("b", taints=[{"effect": "None"}])
    )

    assert found(build.claim(build.request())) == [["b"]]
    assert found(build.claim(build.request(tolerations=[{"key": "broken", "operator": "Exists"}]))) == [["a"]]


def test_a_toleration_names_key_value_and_effect():
    taint = {"key": "k", "value": "v", "effect": "NoSchedule"}

    assert tolerates({"operator": "Exists"}, taint) and tolerates({"key": "k", "value": "v"}, taint)
    assert not tolerates({"key": "k"}, taint) and not tolerates({"operator": "Exists", "effect": "NoExecute"}, taint)
    assert not tolerates({"operator": "Sometimes"}, taint)


def test_constraints_choose_among_devices(build, found):
    build.slice(device("a", numa=0), device("b", numa=1), device("c", numa=1))
    together = {"matchAttribute": "gpu.test/numa", "requests": []}
    apart = {"distinctAttribute": "gpu.test/numa", "requests": ["r"]}

    assert found(build.claim(build.request(count=2), constraints=[together])) == [["b", "c"]]
    assert found(build.claim(build.request(count=2), constraints=[apart])) == [["a", "b"]]
    assert found(build.claim(build.request(count=3), constraints=[apart])) is None


def test_all_devices_against_a_constraint_is_a_mistake_of_the_claim(build, search):
    build.slice(device("a", numa=0), device("b", numa=1))
    claim = build.claim(build.request(allocationMode="All"), constraints=[{"matchAttribute": "gpu.test/numa"}])

    with pytest.raises(AllocationError, match="because a claim constraint would not be satisfied"):
        search(claim).run()


def test_a_shared_device_is_given_in_parts_until_it_is_used_up(build, found, search):
    build.slice({"name": "a", "allowMultipleAllocations": True, "capacity": {"memory": {"value": "10Gi"}}})
    part = build.request(capacity={"requests": {"memory": "4Gi"}})
    one, other = (build.claim(part, name=name) for name in ("one", "other"))

    (first,), (second,) = search(one, other).run()
    assert (first.share, second.share) == ("share-1", "share-2")
    assert str(first.consumed["memory"]) == "4Gi"
    assert found(one, other, build.claim(part)) is None
    build.capacity[DeviceId("gpu.test", "p", "a")] = {"memory": 7 * 2**30 * 10**9}
    assert found(one) is None


def test_partitions_of_a_device_share_its_counters(build, found):
    def partition(name, memory):
        counters = {"memory": {"value": memory}}
        return {"name": name, "consumesCounters": [{"counterSet": "card", "counters": counters}]}

    build.slice(count=2, sharedCounters=[{"name": "card", "counters": {"memory": {"value": "8Gi"}}}])
    build.slice(partition("whole", "8Gi"), partition("half-1", "4Gi"), partition("half-2", "4Gi"), count=2)

    assert found(build.claim(build.request())) == [["whole"]]
    assert found(build.claim(build.request(count=2))) == [["half-1", "half-2"]]
    busy(build, "half-1")
    assert found(build.claim(build.request())) == [["half-2"]]


def test_a_claim_gets_no_more_devices_than_its_status_lists(build, found, search):
    build.slice(*(f"d{number}" for number in range(60)))

    with pytest.raises(AllocationError, match="40 exceeds the claim limit of 32"):
        search(build.claim(build.request(count=40)))
    many = build.first_of("r", build.request("many", count=20), build.request("few", count=10))
    other = build.first_of("s", build.request("many", count=20), build.request("few", count=10))
    assert [len(each) for each in found(build.claim(many, other))] == [30]


def test_a_pod_may_ask_for_more_devices_than_python_has_stack_frames(build, found):
    for number in range(20):
        build.slice(*(f"d{each}" for each in range(100)), pool=f"p{number:02}")
    claims = [build.claim(build.request(count=32), name=f"c{number}") for number in range(60)]

    assert sum(len(each) for each in found(*claims)) == 60 * 32


def test_a_search_without_end_is_given_up(build, search, monkeypatch):
    monkeypatch.setattr(searching, "MOST_STEPS", 1000)
    build.slice(*(device(f"d{number}", numa=number) for number in range(30)))
    pairs = [{"matchAttribute": "gpu.test/numa", "requests": ["b", "c"]}]
    claim = build.claim(build.request("a", count=10), build.request("b"), build.request("c"), constraints=pairs)
    looking = search(claim)

    with pytest.raises(AllocationError, match="timed out trying to allocate devices"):
        looking.run()
    assert looking.steps == 1001


def test_what_is_wrong_with_a_claim_is_said(build, search):
    build.slice("a")

    for request, why in (
        (build.request(klass="none"), "request r: device class none does not exist"),
        ({"name": "r"}, "request r: unknown request type"),
    ):
        with pytest.raises(AllocationError, match=why):
            search(build.claim(request))
    with pytest.raises(AllocationError, match="CEL runtime error"):
        search(build.claim(build.request("r", 'device.attributes["gpu.test"].none == 1'))).run()


def test_an_invalid_pool_is_told_where_no_other_has_enough(build, found):
    build.slice("a", "a")
    build.slice("b", pool="q")

    assert found(build.claim(build.request())) == [["b"]]
    with pytest.raises(AllocationError, match="invalid resource pools were encountered"):
        found(build.claim(build.request(count=2)))
