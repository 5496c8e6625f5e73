from __future__ import annotations

import pytest

from sampan_podspec.validation import pod_update


def spec(**more):
    return {"containers": [{"name": "c", "image": "x"}], "terminationGracePeriodSeconds": 30, **more}


def paths(before, after):
    return [problem.path for problem in pod_update({"spec": after}, {"spec": before})]


ONE = {"key": "a", "effect": "NoExecute", "tolerationSeconds": 5}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (spec(), spec(containers=[{"name": "c", "image": "y"}])),
        (spec(), spec(activeDeadlineSeconds=5)),
        (spec(activeDeadlineSeconds=9), spec(activeDeadlineSeconds=5)),
        (spec(tolerations=[ONE]), spec(tolerations=[{**ONE, "tolerationSeconds": 9}, {"operator": "Exists"}])),
        (spec(terminationGracePeriodSeconds=-5), spec(terminationGracePeriodSeconds=1)),
        (spec(schedulingGates=[{"name": "a"}]), spec(nodeSelector={"a": "b"})),
        (spec(hostNetwork=False), spec()),
    ],
)
def test_what_may_change(before, after):
    assert paths(before, after) == []


@pytest.mark.parametrize(
    ("before", "after", "broken"),
    [
        (spec(), spec(containers=[]), "spec.containers"),
        (spec(), spec(containers=[{"name": "c", "image": "x", "command": ["a"]}]), "spec"),
        (spec(), spec(restartPolicy="Never"), "spec"),
        (spec(), spec(nodeSelector={"a": "b"}), "spec"),
        (spec(), spec(terminationGracePeriodSeconds=1), "spec"),
        (spec(terminationGracePeriodSeconds=-5), spec(terminationGracePeriodSeconds=9), "spec"),
        (spec(activeDeadlineSeconds=5), spec(activeDeadlineSeconds=9), "spec.activeDeadlineSeconds"),
        (spec(activeDeadlineSeconds=5), spec(), "spec.activeDeadlineSeconds"),
        (spec(tolerations=[ONE]), spec(tolerations=[{"operator": "Exists"}]), "spec.tolerations"),
        (spec(), spec(schedulingGates=[{"name": "a"}]), "spec.schedulingGates[0].name"),
    ],
)
def test_what_may_not_change(before, after, broken):
    assert paths(before, after) == [broken]
