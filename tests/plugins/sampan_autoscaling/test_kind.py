"""Defaults and columns."""

from __future__ import annotations

import pytest

from sampan_autoscaling.kind import AUTOSCALER, AUTOSCALER_V1, default, targets


def resource(current=None, **target):
    spec = {"type": "Resource", "resource": {"name": "cpu", "target": target}}
    return spec, {"type": "Resource", "resource": {"name": "cpu", "current": current or {}}}


def shown(*pairs, known=True):
    statuses = [status for _, status in pairs] if known else []
    return targets({"spec": {"metrics": [spec for spec, _ in pairs]}, "status": {"currentMetrics": statuses}})


def test_an_autoscaler_that_says_nothing_aims_at_80_percent_cpu():
    obj = {"spec": {}}
    default(obj)

    assert obj["spec"]["minReplicas"] == 1
    assert obj["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"] == 80
    assert "behavior" not in obj["spec"]


def test_a_behaviour_gets_both_directions():
    obj = {"spec": {"behavior": {"scaleDown": {"policies": [{"type": "Pods", "value": 1, "periodSeconds": 5}]}}}}
    default(obj)

    behavior = obj["spec"]["behavior"]
    assert [each["value"] for each in behavior["scaleUp"]["policies"]] == [4, 100]
    assert behavior["scaleUp"]["stabilizationWindowSeconds"] == 0
    assert behavior["scaleDown"]["policies"] == [{"type": "Pods", "value": 1, "periodSeconds": 5}]
    assert "stabilizationWindowSeconds" not in behavior["scaleDown"]


def test_targets_read_as_kubectl_users_know_them():
    share = resource({"averageUtilization": 12, "averageValue": "12m"}, type="Utilization", averageUtilization=80)
    amount = resource({"averageValue": "12m"}, type="AverageValue", averageValue="100m")

    assert shown(share) == "cpu: 12%/80%"
    assert shown(share, known=False) == "cpu: <unknown>/80%"
    assert shown(amount) == "cpu: 12m/100m"
    assert shown(share, amount, share) == "cpu: 12%/80%, cpu: 12m/100m + 1 more..."
    assert shown() == "<none>"


@pytest.mark.parametrize("kind", [AUTOSCALER, AUTOSCALER_V1])
def test_the_columns_are_upstreams(kind):
    names = [column.name for column in kind.columns]

    assert names == ["Name", "Reference", "Targets", "MinPods", "MaxPods", "Replicas", "Age"]
