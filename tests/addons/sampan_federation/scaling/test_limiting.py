from __future__ import annotations

from sampan_federation.scaling.limiting import LONGEST, Memory, Moment, limited

SPEC = {"minReplicas": 2, "maxReplicas": 50}


def test_it_grows_at_once_to_twice_as_many_or_by_four():
    assert limited(40, 2, SPEC, Memory(), 0.0)[0] == 6
    assert limited(40, 10, SPEC, Memory(), 0.0)[0] == 20


def test_it_stays_between_its_bounds():
    assert limited(99, 49, SPEC, Memory(), 0.0) == (50, "maxReplicas is 50")
    quick = {**SPEC, "behavior": {"scaleDown": {"stabilizationWindowSeconds": 0}}}
    assert limited(1, 3, quick, Memory(), 0.0) == (2, "minReplicas is 2")
    assert limited(3, 3, SPEC, Memory(), 0.0) == (3, "")


def test_it_shrinks_when_less_was_wanted_for_five_minutes():
    memory = Memory()

    assert limited(3, 10, SPEC, memory, 0.0)[0] == 10
    assert limited(4, 10, SPEC, memory, 200.0)[0] == 10
    assert limited(3, 10, SPEC, memory, 301.0)[0] == 4  # the most that was wanted lately


def test_policies_and_windows_of_behavior():
    slow = {"policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}], "stabilizationWindowSeconds": 0}
    spec = {**SPEC, "behavior": {"scaleUp": slow, "scaleDown": slow}}
    memory = Memory()
    assert limited(20, 5, spec, memory, 0.0)[0] == 6
    memory.changes.append(Moment(0.0, 1))
    assert limited(20, 6, spec, memory, 30.0)[0] == 6
    assert limited(20, 6, spec, memory, 61.0)[0] == 7
    assert limited(2, 7, spec, memory, 200.0)[0] == 6

    never = {**SPEC, "behavior": {"scaleUp": {"selectPolicy": "Disabled"}}}
    assert limited(20, 6, never, Memory(), 0.0)[0] == 6
    steady = {**SPEC, "behavior": {"scaleUp": {"stabilizationWindowSeconds": 60}}}
    memory = Memory()
    assert limited(20, 6, steady, memory, 0.0)[0] == 6
    assert limited(20, 6, steady, memory, 70.0)[0] == 12


def test_what_is_old_is_forgotten():
    memory = Memory([Moment(0.0, 5)], [Moment(0.0, 1)])

    memory.forget(LONGEST + 1)

    assert memory == Memory()
