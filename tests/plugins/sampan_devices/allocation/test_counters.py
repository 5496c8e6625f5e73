from sampan_devices.allocation.counters import Counters
from sampan_devices.allocation.records import DeviceId, InUse, Pool


def device(amount):
    return {"consumesCounters": [{"counterSet": "card", "counters": {"memory": {"value": amount}}}]}


def pool(**devices):
    everywhere = [(DeviceId("d", "p", name), each) for name, each in devices.items()]
    return Pool("d", "p", (), everywhere, {"card": {"memory": 8 * 10**9}})


def test_counters_are_taken_and_given_back():
    counters, whole = Counters(InUse({}, {})), pool()

    assert counters.take(whole, device("5"))
    assert not counters.take(whole, device("4"))
    counters.give_back(whole, device("5"))
    assert counters.take(whole, device("8"))


def test_allocated_devices_have_consumed_theirs_on_other_nodes_too():
    whole = pool(a=device("5"), b=device("2"), c=device("1"))
    counters = Counters(InUse({DeviceId("d", "p", "a"): 1}, {DeviceId("d", "p", "b"): {}}))

    assert not counters.take(whole, device("2"))
    assert counters.take(whole, device("1"))
    assert counters.take(whole, {})
