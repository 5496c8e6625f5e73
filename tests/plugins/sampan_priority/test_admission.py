from __future__ import annotations

import copy

import pytest

from sampan.contracts.access import ANONYMOUS
from sampan.contracts.admission import Review
from sampan.contracts.kinds import Kind
from sampan.errors import Forbidden
from sampan_machinery.resources import PRIORITY_CLASSES as CLASSES
from sampan_priority.admission import Priority
from sampan_priority.kind import PRIORITY_CLASS
from sampan_testing.shelves import Shelf

POD = Kind(group="", version="v1", kind="Pod", plural="pods")


def a_class(name, value, *, default=False, policy="PreemptLowerPriority"):
    metadata = {"name": name}
    return CLASSES, {"metadata": metadata, "value": value, "globalDefault": default, "preemptionPolicy": policy}


def review(kind, obj, old=None, *classes, name="web", sub=""):
    operation = "UPDATE" if old else "CREATE"
    return Review(operation, kind, sub, "", name, obj, old, ANONYMOUS, False, Shelf(classes))


def admitted(spec, *classes):
    reviewed = review(POD, {"metadata": {"name": "web"}, "spec": dict(spec)}, None, *classes)
    Priority().admit(reviewed)
    return reviewed.object["spec"]


def test_a_class_becomes_its_value_and_policy():
    assert admitted({"priorityClassName": "high"}, a_class("high", 1000, policy="Never")) == {
        "priorityClassName": "high", "priority": 1000, "preemptionPolicy": "Never",
    }  # fmt: skip


def test_a_pod_without_a_class_gets_the_default_one_or_nothing_special():
    plain = {"priority": 0, "preemptionPolicy": "PreemptLowerPriority"}

    assert admitted({}) == plain
    assert admitted({}, a_class("high", 1000)) == plain
    assert admitted({}, a_class("usual", 10, default=True), a_class("other", 20, default=True)) == {
        **plain, "priority": 10, "priorityClassName": "usual",
    }  # fmt: skip


def test_what_was_already_computed_may_be_sent_again():
    spec = {"priorityClassName": "high", "priority": 1000, "preemptionPolicy": "PreemptLowerPriority"}

    assert admitted(spec, a_class("high", 1000)) == spec


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ({"priorityClassName": "absent"}, r'^pods "web" is forbidden: no PriorityClass with name absent was found$'),
        ({"priority": 5}, r"the integer value of priority \(5\) must not be provided in pod spec; priority admission "
                          r"controller computed 0 from the given PriorityClass name"),
        ({"preemptionPolicy": "Never"}, r"the string value of PreemptionPolicy \(Never\) must not be provided"),
    ],
)  # fmt: skip
def test_a_pod_does_not_name_its_own_number(spec, why):
    with pytest.raises(Forbidden, match=why):
        admitted(spec)


def test_an_update_keeps_what_was_computed():
    old = {"metadata": {"name": "web"}, "spec": {"priority": 7, "preemptionPolicy": "Never"}}
    new = {"metadata": {"name": "web"}, "spec": {}}

    Priority().admit(review(POD, new, old))

    assert new["spec"] == old["spec"]


def test_a_body_below_a_pod_is_not_a_pod():
    Priority().admit(review(POD, {"metadata": {"name": "web"}}, sub="eviction"))


def test_there_is_one_default():
    usual = a_class("usual", 1, default=True)
    fresh = copy.deepcopy(a_class("fresh", 2, default=True)[1])

    with pytest.raises(Forbidden, match=r"PriorityClass usual is already marked as default\. Only one"):
        Priority().admit(review(PRIORITY_CLASS, fresh, None, usual, name="fresh"))

    Priority().admit(review(PRIORITY_CLASS, usual[1], usual[1], usual, name="usual"))
    Priority().admit(review(PRIORITY_CLASS, fresh, None, name="fresh"))
    Priority().admit(review(PRIORITY_CLASS, {**fresh, "globalDefault": False}, None, usual, name="fresh"))


def test_a_new_class_is_known_at_once_and_classes_are_read_once():
    rule, shelf = Priority(), Shelf()

    def admit():
        obj = {"metadata": {"name": "web"}, "spec": {"priorityClassName": "late"}}
        rule.admit(Review("CREATE", POD, "", "a", "web", obj, None, ANONYMOUS, False, shelf))
        return obj["spec"]["priority"]

    with pytest.raises(Forbidden):
        admit()
    shelf.put(*a_class("late", 3))
    assert admit() == 3

    shelf.list = None
    assert admit() == 3
