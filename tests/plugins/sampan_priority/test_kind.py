from __future__ import annotations

import pytest

from sampan_priority.kind import bootstrap_objects, default, validate


def made(name="mine", **more):
    obj = {"metadata": {"name": name}, **more}
    default(obj)
    return obj


def told(new, old=None):
    return [f"{problem.path}: {problem.message}" for problem in validate(new, old)]


def test_a_class_preempts_unless_it_says_otherwise():
    assert made(value=5) == {"metadata": {"name": "mine"}, "value": 5, "preemptionPolicy": "PreemptLowerPriority"}
    assert made(preemptionPolicy="Never")["preemptionPolicy"] == "Never"


def test_the_bootstrap_objects_are_valid():
    for obj in bootstrap_objects():
        default(obj)
        assert told(obj) == []


RESERVED = (
    "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: "
)


@pytest.mark.parametrize(
    ("new", "problem"),
    [
        (made(value=-2_147_483_648), None),
        (made(value=1_000_000_000), None),
        (made(value=1_000_000_001),
         "value: Forbidden: maximum allowed value of a user defined priority is 1000000000"),
        (made(preemptionPolicy="Sometimes"),
         'preemptionPolicy: Unsupported value: "Sometimes": supported values: "PreemptLowerPriority", "Never"'),
        (made("system-mine", value=1), f"{RESERVED}system-mine is not a known system priority class"),
        (made("system-node-critical", value=1),
         f"{RESERVED}value of system-node-critical PriorityClass must be 2000001000"),
        (made("system-node-critical", value=2_000_001_000, globalDefault=True),
         f"{RESERVED}globalDefault of system-node-critical PriorityClass must be false"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(new, problem):
    assert told(new) == ([problem] if problem else [])


def test_value_and_policy_never_change_but_the_rest_may():
    old = made(value=1)

    assert told(made(value=1, description="new", globalDefault=True), old) == []
    assert told(made(value=2), old) == ["value: Forbidden: may not be changed in an update."]
    assert told(made(value=1 << 30), old) == ["value: Forbidden: may not be changed in an update."]
    assert told(made(value=1, preemptionPolicy="Never"), old) == [
        'preemptionPolicy: Invalid value: "Never": field is immutable'
    ]
