"""Windows, policies, least and most. Source of the rules: KEP-853."""

from __future__ import annotations

import pytest

from sampan_autoscaling.kind import default
from sampan_autoscaling.limits import AutoscalerHistory, ReplicaBounds, TimedNumber, limit, remember

NOW = 10_000.0


def bounds(low=1, high=100, up=None, down=None, window=300.0):
    behavior = None
    if up is not None or down is not None:
        obj = {"spec": {"behavior": {"scaleUp": up or {}, "scaleDown": down or {}}}}
        default(obj)
        behavior = obj["spec"]["behavior"]
    return ReplicaBounds(low, high, behavior, window)


def policy(kind, value, period=60):
    return {"type": kind, "value": value, "periodSeconds": period}


@pytest.mark.parametrize(
    "current, desired, low, high, wanted, reason",
    [
        (1, 10, 1, 100, 4, "ScaleUpLimit"),  # four at once at least
        (5, 30, 1, 100, 10, "ScaleUpLimit"),  # else twice as many
        (5, 30, 1, 8, 8, "TooManyReplicas"),
        (5, 2, 3, 8, 3, "TooFewReplicas"),
        (5, 6, 1, 8, 6, "DesiredWithinRange"),
    ],
)
def test_without_a_behaviour(current, desired, low, high, wanted, reason):
    found = limit(current, desired, bounds(low, high), AutoscalerHistory(), NOW)

    assert (found.replicas, found.limit[0], found.limited) == (wanted, reason, reason != "DesiredWithinRange")


def test_the_highest_recommendation_of_five_minutes_holds():
    memory = AutoscalerHistory(recommended=[TimedNumber(NOW - 400, 9), TimedNumber(NOW - 200, 7)])

    held = limit(8, 3, bounds(), memory, NOW)
    assert (held.replicas, held.able[0]) == (7, "ScaleDownStabilized")

    later = limit(7, 3, bounds(), memory, NOW + 150)
    assert (later.replicas, later.able[0]) == (3, "ReadyForNewScale")


def test_a_window_upwards_takes_the_lowest():
    memory = AutoscalerHistory(recommended=[TimedNumber(NOW - 30, 4)])

    found = limit(3, 6, bounds(up={"stabilizationWindowSeconds": 60}), memory, NOW)

    assert (found.replicas, found.able[0]) == (4, "ScaleUpStabilized")


def test_a_window_of_zero_downwards_holds_nothing():
    memory = AutoscalerHistory(recommended=[TimedNumber(NOW - 1, 9)])

    assert limit(9, 2, bounds(down={"stabilizationWindowSeconds": 0}), memory, NOW).replicas == 2


@pytest.mark.parametrize(
    "select, policies, wanted",
    [
        ("Max", [policy("Pods", 4), policy("Percent", 100)], 20),
        ("Min", [policy("Pods", 4), policy("Percent", 100)], 14),
        ("Disabled", [policy("Pods", 4)], 10),
        ("Max", [policy("Percent", 15)], 12),  # 11.5 is rounded up
    ],
)
def test_policies_upwards(select, policies, wanted):
    rules = bounds(up={"selectPolicy": select, "policies": policies})

    assert limit(10, 50, rules, AutoscalerHistory(), NOW).replicas == wanted


@pytest.mark.parametrize(
    "select, policies, wanted",
    [
        ("Max", [policy("Pods", 2), policy("Percent", 50)], 5),
        ("Min", [policy("Pods", 2), policy("Percent", 50)], 8),
        ("Disabled", [policy("Pods", 2)], 10),
        ("Max", [policy("Percent", 15)], 8),  # 8.5 is cut
    ],
)
def test_policies_downwards(select, policies, wanted):
    rules = bounds(down={"selectPolicy": select, "policies": policies, "stabilizationWindowSeconds": 0})

    found = limit(10, 1, rules, AutoscalerHistory(), NOW)

    assert found.replicas == wanted
    assert found.limit[0] == "ScaleDownLimit"


def test_what_was_added_in_a_period_counts_against_it():
    rules, memory = bounds(up={"policies": [policy("Pods", 4, 60)]}), AutoscalerHistory()
    assert limit(10, 50, rules, memory, NOW).replicas == 14
    remember(memory, rules.behavior, 10, 14, NOW)

    assert limit(14, 50, rules, memory, NOW + 30).replicas == 14
    assert limit(14, 50, rules, memory, NOW + 61).replicas == 18
