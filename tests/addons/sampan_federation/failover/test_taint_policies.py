from __future__ import annotations

import pytest

from sampan_federation.failover.taint_policies import by_policies
from sampan_machinery.metadata import now_text

NOW = 1_800_000_000.0
TAINT = {"key": "broken", "value": "x", "effect": "NoSchedule"}


def cluster(*taints, region="", **conditions):
    found = [{"type": kind, "status": status} for kind, status in conditions.items()]
    return {
        "metadata": {"name": "east"},
        "spec": {"taints": list(taints), "region": region},
        "status": {"conditions": found},
    }


def condition(operator, *values, kind="DNS"):
    return {"conditionType": kind, "operator": operator, "statusValues": list(values)}


def policy(name="p", add=(), remove=(), made="2026-11-30T12:00:00Z", **more):
    spec = {"taints": [TAINT], "addOnConditions": list(add), "removeOnConditions": list(remove), **more}
    return {"metadata": {"name": name, "creationTimestamp": made}, "spec": spec}


def taints(found, *policies):
    return by_policies(found, found["spec"]["taints"], policies, NOW)


def test_a_taint_comes_with_its_conditions_and_goes_with_others():
    found = policy(add=[condition("In", "False")], remove=[condition("In", "True")])
    added = {**TAINT, "timeAdded": now_text(NOW)}

    assert taints(cluster(DNS="False"), found) == [added]
    assert taints(cluster(added, DNS="Unknown"), found) == [added]
    assert taints(cluster(added, DNS="True"), found) == []
    assert taints(cluster(added, DNS="True")) == [added]  # without the policy it stays


def test_a_taint_that_is_there_keeps_its_time():
    old = {**TAINT, "timeAdded": now_text(NOW - 500)}

    assert taints(cluster(old, DNS="False"), policy(add=[condition("In", "False")])) == [old]
    assert by_policies(cluster(old, DNS="False"), [], [policy(add=[condition("In", "False")])], NOW) == [old]


@pytest.mark.parametrize(
    ("conditions", "holds"),
    [
        ([], False),
        ([condition("NotIn", "True")], True),
        ([condition("NotIn", "False")], False),
        ([condition("NotIn", "True", kind="Other")], False),  # it has no such condition
        ([condition("In", "False"), condition("In", "True", kind="Ready")], True),
        ([condition("In", "False"), condition("In", "False", kind="Ready")], False),
    ],
)
def test_all_conditions_have_to_hold(conditions, holds):
    assert bool(taints(cluster(DNS="False", Ready="True"), policy(add=conditions))) == holds


def test_only_target_clusters_are_tainted():
    here = {"fieldSelector": {"matchExpressions": [{"key": "region", "operator": "In", "values": ["r1"]}]}}
    found = policy(add=[condition("In", "False")], targetClusters=here)

    assert taints(cluster(DNS="False", region="r1"), found)
    assert not taints(cluster(DNS="False", region="r2"), found)


def test_the_younger_of_two_policies_that_contradict_each_other_counts():
    adding = policy("a", add=[condition("In", "False")], made="2026-11-30T12:00:00Z")
    removing = policy("b", remove=[condition("In", "False")], made="2026-11-30T13:00:00Z")

    assert taints(cluster(DNS="False"), removing, adding) == []
