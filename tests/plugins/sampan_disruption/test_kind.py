from __future__ import annotations

import pytest

from sampan_disruption.kind import POD_DISRUPTION_BUDGET as KIND


def told(status=None, before=None, **spec):
    old = None if before is None else {"spec": spec, "status": before}
    found = KIND.validate({"spec": spec, **({"status": status} if status else {})}, old)
    return [f"{problem.path}: {problem.message}" for problem in found]


@pytest.mark.parametrize(
    "spec, why",
    [
        ({"minAvailable": 1}, []),
        ({"maxUnavailable": "25%", "unhealthyPodEvictionPolicy": "AlwaysAllow"}, []),
        ({"minAvailable": -1}, ["spec.minAvailable: Invalid value: -1: must be greater than or equal to 0"]),
        ({"maxUnavailable": "101%"}, ['spec.maxUnavailable: Invalid value: "101%": must not be greater than 100%']),
        (
            {"unhealthyPodEvictionPolicy": "Never"},
            [
                'spec.unhealthyPodEvictionPolicy: Unsupported value: "Never": supported values: '
                '"AlwaysAllow", "IfHealthyBudget"'
            ],
        ),
    ],
)
def test_what_is_wrong_is_named(spec, why):
    assert told(**spec) == why


def test_both_limits_are_refused():
    (problem,) = told(minAvailable=1, maxUnavailable=1)

    assert problem.startswith("spec: Invalid value") and problem.endswith("cannot be both set")


def test_counts_of_a_status_are_not_negative():
    assert told({"disruptionsAllowed": -1}, before={}) == [
        "status.disruptionsAllowed: Invalid value: -1: must be greater than or equal to 0"
    ]


def test_conditions_of_a_status_are_whole():
    condition = {
        "type": "DisruptionAllowed",
        "status": "True",
        "reason": "r",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }

    assert told({"conditions": [condition]}, before={}) == []
    assert told({"conditions": [{**condition, "reason": ""}]}, before={}) == [
        "status.conditions[0].reason: Required value"
    ]


def test_the_columns_show_what_kubectl_users_know():
    obj = {"metadata": {"name": "web"}, "spec": {"minAvailable": "50%"}, "status": {"disruptionsAllowed": 2}}

    cells = [column.cell(obj) for column in KIND.columns[:4]]

    assert cells == ["web", "50%", "N/A", 2]
