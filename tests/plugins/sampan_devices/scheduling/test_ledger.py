from sampan_devices.allocation.records import DeviceId
from sampan_devices.scheduling.ledger import Ledger

A = DeviceId("d", "p", "a")


def allocation(*results):
    return {"devices": {"results": [{"driver": "d", "pool": "p", "device": "a", **each} for each in results]}}


def test_a_device_is_in_use_from_the_promise_to_the_last_that_is_seen():
    ledger = Ledger()

    ledger.promise("u", allocation({}))
    assert ledger.promised("u") and A in ledger.in_use.devices
    assert not ledger.see("u", None)  # the watch is behind
    assert A in ledger.in_use.devices
    ledger.see("u", allocation({}))
    assert not ledger.promised("u") and A in ledger.in_use.devices
    assert ledger.see("u", None)
    assert A not in ledger.in_use.devices


def test_a_promise_that_is_withdrawn_leaves_nothing():
    ledger = Ledger()
    ledger.promise("u", allocation({}))

    assert ledger.withdraw("u") and not ledger.withdraw("u")
    assert A not in ledger.in_use.devices


def test_access_for_administrators_uses_nothing():
    ledger = Ledger()
    ledger.see("u", allocation({"adminAccess": True}))

    assert A not in ledger.in_use.devices


def test_parts_of_a_shared_device_add_up():
    ledger = Ledger()
    ledger.see("u", allocation({"shareID": "1", "consumedCapacity": {"memory": "2"}}))
    ledger.see("v", allocation({"shareID": "2", "consumedCapacity": {"memory": "3"}}, {"shareID": "3"}))

    assert ledger.in_use.capacity == {A: {"memory": 5 * 10**9}} and A not in ledger.in_use.devices
    ledger.see("v", None)
    assert ledger.in_use.capacity == {A: {"memory": 2 * 10**9}}
    ledger.see("u", None)
    assert ledger.in_use.capacity == {}
