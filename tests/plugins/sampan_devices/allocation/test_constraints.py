import pytest

from sampan_devices.allocation.constraints import constraints_of, value_of
from sampan_devices.allocation.records import AllocationError, Candidate, DeviceId, Wanted


def candidate(**attributes):
    return Candidate(DeviceId("gpu.test", "p", "a"), {"attributes": attributes}, {})


def wanted(name="r"):
    return Wanted(name, name.partition("/")[0], {}, {}, 1, None)


def constraint(**spec):
    return constraints_of({"spec": {"devices": {"constraints": [spec]}}})[0]


def test_an_attribute_is_found_with_and_without_its_domain():
    assert value_of(candidate(**{"gpu.test/numa": {"int": 1}}), "gpu.test/numa") == ("int", 1)
    assert value_of(candidate(numa={"int": 1}), "gpu.test/numa") == ("int", 1)
    assert value_of(candidate(numa={"int": 1}), "other.test/numa") is None


def test_values_of_different_types_are_different():
    match = constraint(matchAttribute="gpu.test/numa")

    assert match.add(wanted(), candidate(numa={"int": 1}))
    assert not match.add(wanted(), candidate(numa={"string": "1"}))
    assert not match.add(wanted(), candidate())
    assert match.add(wanted(), candidate(numa={"int": 1}))


def test_what_is_removed_counts_no_more():
    distinct = constraint(distinctAttribute="gpu.test/numa")

    assert distinct.add(wanted(), candidate(numa={"int": 1}))
    assert not distinct.add(wanted(), candidate(numa={"int": 1}))
    distinct.remove(wanted())
    assert distinct.add(wanted(), candidate(numa={"int": 1}))


def test_a_constraint_concerns_the_requests_and_alternatives_that_it_names():
    match = constraint(matchAttribute="gpu.test/numa", requests=["a", "b/x"])

    assert match.add(wanted("a/y"), candidate(numa={"int": 1}))
    assert not match.add(wanted("b/x"), candidate(numa={"int": 2}))
    assert match.add(wanted("b/y"), candidate(numa={"int": 2})) and match.add(wanted("c"), candidate())
    match.remove(wanted("c"))
    assert not match.add(wanted("a"), candidate(numa={"int": 2}))


def test_a_constraint_without_an_attribute_is_refused():
    with pytest.raises(AllocationError, match="constraint #0: empty constraint"):
        constraint(requests=["a"])
