from __future__ import annotations

import pytest

from sampan_daemonsets.nodes import Fit, fit, on_node, target_of, tolerations

UNSCHEDULABLE = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}


def node(name="n0", *taints, **labels):
    return {"metadata": {"name": name, "labels": labels}, "spec": {"taints": list(taints)}}


@pytest.mark.parametrize(
    "pod, found, expected",
    [
        ({}, node(), Fit(True, True)),
        ({"nodeName": "other"}, node(), Fit(False, False)),
        ({"nodeSelector": {"pool": "a"}}, node(pool="b"), Fit(False, False)),
        ({}, node("n0", UNSCHEDULABLE), Fit(True, True)),
        ({}, node("n0", {"key": "k", "effect": "NoSchedule"}), Fit(False, True)),
        ({}, node("n0", {"key": "k", "effect": "NoExecute"}), Fit(False, False)),
        ({}, node("n0", {"key": "k", "effect": "PreferNoSchedule"}), Fit(True, True)),
        ({"tolerations": [{"operator": "Exists"}]}, node("n0", {"key": "k", "effect": "NoExecute"}), Fit(True, True)),
    ],
)
def test_where_pods_run_and_where_they_stay(build, pod, found, expected):
    assert fit(build(pod=pod), found) == expected


def test_a_toleration_for_the_same_taint_is_replaced():
    own = {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 5}

    found = tolerations({"tolerations": [own, {"key": "mine"}]})

    assert found[:2] == [{key: own[key] for key in ("key", "operator", "effect")}, {"key": "mine"}]
    assert len(found) == 7
    assert len(tolerations({"hostNetwork": True})) == 7


def test_the_affinity_for_a_node_keeps_the_rest():
    preferred = {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1}]}

    found = on_node({"podAffinity": {"a": 1}, "nodeAffinity": preferred}, "n7")

    assert found["podAffinity"] == {"a": 1}
    assert found["nodeAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"] == [{"weight": 1}]
    assert target_of({"spec": {"affinity": found}}) == "n7"
    assert target_of({"spec": {"nodeName": "n1", "affinity": found}}) == "n1"
    assert target_of({"spec": {}}) == ""
