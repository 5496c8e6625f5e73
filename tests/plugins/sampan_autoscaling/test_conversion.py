"""v1 and v2 of one object."""

from __future__ import annotations

import json

from sampan_autoscaling.conversion import BEHAVIOR, CONDITIONS, CURRENT, METRICS, from_v2, to_v2
from sampan_machinery.metadata import copy

CPU = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}}}
MEMORY = {"type": "Resource", "resource": {"name": "memory", "target": {"type": "AverageValue", "averageValue": "1Gi"}}}
SIDE = {
    "type": "ContainerResource",
    "containerResource": {
        "name": "cpu",
        "container": "c",
        "target": {"type": "Utilization", "averageUtilization": 5},
    },
}
PODS = {
    "type": "Pods",
    "pods": {
        "metric": {"name": "requests", "selector": {"matchLabels": {"verb": "GET"}}},
        "target": {"type": "AverageValue", "averageValue": "10"},
    },
}
OBJECT = {
    "type": "Object",
    "object": {
        "metric": {"name": "hits"},
        "describedObject": {"kind": "Ingress", "name": "in", "apiVersion": "networking.k8s.io/v1"},
        "target": {"type": "Value", "value": "2k"},
    },
}
EXTERNAL = {
    "type": "External",
    "external": {
        "metric": {"name": "queue", "selector": {"matchLabels": {"q": "x"}}},
        "target": {"type": "AverageValue", "averageValue": "30"},
    },
}
BEHAVE = {"scaleDown": {"policies": [{"type": "Pods", "value": 1, "periodSeconds": 15}], "selectPolicy": "Max"}}


def v2(*metrics, status=None, **spec):
    reference = {"kind": "Deployment", "name": "web", "apiVersion": "apps/v1"}
    whole = {"scaleTargetRef": reference, "minReplicas": 1, "maxReplicas": 5, "metrics": list(metrics), **spec}
    made = {
        "kind": "HorizontalPodAutoscaler",
        "apiVersion": "autoscaling/v2",
        "metadata": {"name": "web"},
        "spec": whole,
    }
    return {**made, "status": status} if status else made


def test_cpu_alone_needs_no_annotation():
    found = from_v2(v2(CPU))

    assert found["spec"]["targetCPUUtilizationPercentage"] == 60
    assert "metrics" not in found["spec"]
    assert "annotations" not in found["metadata"]
    assert to_v2(found) == v2(CPU)


def test_everything_else_goes_and_comes_back_by_annotations():
    status = {
        "currentReplicas": 2,
        "desiredReplicas": 3,
        "currentMetrics": [
            {
                "type": "Resource",
                "resource": {"name": "cpu", "current": {"averageUtilization": 3, "averageValue": "30m"}},
            }
        ],
        "conditions": [{"type": "AbleToScale", "status": "True"}],
    }
    whole = v2(CPU, MEMORY, SIDE, PODS, OBJECT, EXTERNAL, behavior=BEHAVE, status=status)
    whole["metadata"]["annotations"] = {"mine": "kept"}
    before = copy(whole)

    old = from_v2(whole)

    assert whole == before
    assert old["status"]["currentCPUUtilizationPercentage"] == 3
    assert set(old["metadata"]["annotations"]) == {"mine", METRICS, CURRENT, CONDITIONS, BEHAVIOR}
    first = json.loads(old["metadata"]["annotations"][METRICS])[0]
    assert first == {"type": "Resource", "resource": {"name": "memory", "targetAverageValue": "1Gi"}}
    assert to_v2(old) == whole


def test_an_annotation_that_is_no_json_is_passed_over():
    old = from_v2(v2(CPU))
    old["metadata"]["annotations"] = {METRICS: "{", BEHAVIOR: "[]", CONDITIONS: "3"}

    assert to_v2(old) == v2(CPU)


def test_no_replicas_are_left_out_of_a_v2_status():
    assert to_v2({"status": {"currentReplicas": 0, "desiredReplicas": 0}})["status"] == {"desiredReplicas": 0}
    assert to_v2({"status": {"currentReplicas": 2}})["status"] == {"currentReplicas": 2}
