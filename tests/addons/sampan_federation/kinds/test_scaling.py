from __future__ import annotations

import re

import pytest

from sampan.errors import Invalid
from sampan_federation.kinds.scaling import schedule_pattern
from sampan_federation.resources import CRON_FEDERATED_HPAS, FEDERATED_HPAS

DEPLOYMENT = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
AUTOSCALER = {"apiVersion": "autoscaling.karmada.io/v1alpha1", "kind": "FederatedHPA", "name": "web"}


def rule(name="up", schedule="0 8 * * *", **more):
    return {"name": name, "schedule": schedule, **more}


def test_an_autoscaler_wants_a_maximum(create):
    with pytest.raises(Invalid, match="maxReplicas"):
        create(FEDERATED_HPAS, {"scaleTargetRef": {"kind": "Deployment", "name": "a"}})


def test_a_rule_is_completed(create):
    found = create(CRON_FEDERATED_HPAS, {"scaleTargetRef": DEPLOYMENT, "rules": [rule(targetReplicas=0)]})

    assert found["rules"] == [
        rule(targetReplicas=0, suspend=False, successfulHistoryLimit=3, failedHistoryLimit=3),
    ]


@pytest.mark.parametrize(
    ("target", "rules", "words"),
    [
        (DEPLOYMENT, [rule()], "targetReplicas cannot be nil"),
        (DEPLOYMENT, [rule(targetReplicas=-1)], "larger than or equal to 0"),
        (DEPLOYMENT, [rule(targetReplicas=1), rule(targetReplicas=2)], "Duplicate value"),
        (DEPLOYMENT, [rule(schedule="every day", targetReplicas=1)], "schedule.*invalid cron format"),
        (DEPLOYMENT, [rule(targetReplicas=1, timeZone="a b")], "timeZone"),
        (DEPLOYMENT, [rule(targetReplicas=1, successfulHistoryLimit=0)], "successfulHistoryLimit"),
        (DEPLOYMENT, [rule(targetReplicas=1, failedHistoryLimit=33)], "failedHistoryLimit"),
        (DEPLOYMENT, [rule("x" * 33, targetReplicas=1)], "name"),
        (AUTOSCALER, [rule(targetReplicas=1)], "cannot be nil at the same time"),
        (AUTOSCALER, [rule(targetMinReplicas=0)], "targetMinReplicas should be larger than 0"),
        (AUTOSCALER, [rule(targetMinReplicas=3, targetMaxReplicas=2)], "larger than or equal to targetMinReplicas"),
        ({**AUTOSCALER, "kind": "CronFederatedHPA"}, [rule(targetReplicas=1)], "only support FederatedHPA"),
    ],
)
def test_nonsense_is_refused(create, target, rules, words):
    with pytest.raises(Invalid, match=words):
        create(CRON_FEDERATED_HPAS, {"scaleTargetRef": target, "rules": rules})


@pytest.mark.parametrize(
    "schedule",
    ["* * * * *", "*/5 0-6,20 1 jan-MAR ?", "00 08 * * 1-5", "59 23 31 12 sun,6", "@hourly", "@every 1h30m"],
)
def test_schedules_are_known(schedule):
    assert re.search(schedule_pattern(), schedule)


@pytest.mark.parametrize(
    "schedule",
    ["", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 7", "*/0 * * * *",
     "@often", "TZ=UTC * * * * *", "a * * * *"],
)  # fmt: skip
def test_what_is_no_schedule_is_told_from_one(schedule):
    assert not re.search(schedule_pattern(), schedule)
