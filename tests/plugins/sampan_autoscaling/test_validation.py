"""What is refused, and in which words."""

from __future__ import annotations

import pytest

from sampan_autoscaling.kind import default
from sampan_autoscaling.validation import validate
from sampan_machinery.metadata import copy

CPU = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}}}


def problems(**spec):
    whole = {
        "scaleTargetRef": {"kind": "Deployment", "name": "web", "apiVersion": "apps/v1"},
        "maxReplicas": 3,
        **copy(spec),
    }
    obj = {"metadata": {"name": "web"}, "spec": whole}
    default(obj)
    return [f"{problem.path}: {problem.message}" for problem in validate(obj, None)]


def metric(place, **source):
    return {"metrics": [{"type": place[:1].upper() + place[1:], place: source}]}


def test_of_several_sources_one_is_looked_into():
    assert problems(metrics=[{**CPU, "containerResource": {"name": "cpu"}}]) == [
        "spec.metrics[0].containerResource: Forbidden: must populate the given metric source only"
    ]


CONTAINER = {"container": "app", "target": CPU["resource"]["target"]}


@pytest.mark.parametrize(
    "source, lines",
    [
        ({"name": "gpu"}, ['name: Invalid value: "gpu": must be a standard resource type or fully qualified',
                           'name: Invalid value: "gpu": must be a standard resource for containers']),
        ({"name": "example.com/gpu"}, []),
        ({"name": "cpu", "container": ""}, ["container: Required value: must specify a container"]),
        ({}, ["name: Required value: must specify a resource name"]),
    ],
)  # fmt: skip
def test_a_resource_of_a_container_is_one_that_containers_ask_for(source, lines):
    place = {"type": "ContainerResource", "containerResource": {**CONTAINER, **source}}

    assert problems(metrics=[place]) == [f"spec.metrics[0].containerResource.{line}" for line in lines]


def test_the_container_of_a_source_has_a_containers_name():
    (line,) = problems(metrics=[{"type": "ContainerResource", "containerResource": {**CONTAINER, "name": "cpu",
                                                                                    "container": "A"}}])  # fmt: skip

    assert line.startswith('spec.metrics[0].containerResource.container: Invalid value: "A": a lowercase RFC 1123')


def test_a_behavior_without_any_policy_is_refused():
    assert problems(behavior={"scaleUp": {"policies": []}}) == [
        "spec.behavior.scaleUp.policies: Required value: must specify at least one Policy"
    ]


def rules(**said):
    return {"behavior": {"scaleUp": said}}


def test_a_plain_one_is_fine():
    assert problems() == []
    assert problems(behavior={}) == []


@pytest.mark.parametrize(
    "spec, words",
    [
        ({"minReplicas": 0}, "spec.minReplicas: Invalid value: 0: must be greater than or equal to 1"),
        ({"maxReplicas": 0}, "spec.maxReplicas: Required value: must be set and greater than 0"),
        ({"maxReplicas": -1}, "spec.maxReplicas: Invalid value: -1: must be greater than or equal to 1"),
        ({"minReplicas": 4}, "spec.maxReplicas: Invalid value: 3: must be greater than or equal to `minReplicas`"),
        ({"scaleTargetRef": {"name": "x"}}, "spec.scaleTargetRef.kind: Required value"),
        ({"scaleTargetRef": {"kind": "a/b", "name": "x"}}, "may not contain '/'"),
        ({"metrics": [{}]}, "spec.metrics[0].type: Required value: must specify a metric source type"),
        ({"metrics": [{"type": "No"}]}, 'spec.metrics[0].type: Unsupported value: "No"'),
        ({"metrics": [{"type": "Pods"}]}, "spec.metrics[0].pods: Required value: must populate information for the"),
        (
            {"metrics": [{**CPU, "pods": {}}]},
            "spec.metrics[0].pods: Forbidden: must populate the given metric source only",
        ),
        (metric("resource", target={"type": "Utilization", "averageUtilization": 1}), "must specify a resource name"),
        (metric("resource", name="cpu"), "must specify a metric target type"),
        (metric("resource", name="cpu", target={"type": "Utilization"}), "must set either a target raw value or a"),
        (
            metric("resource", name="cpu", target={"type": "X", "averageUtilization": 0}),
            "must be either Utilization, Value, or AverageValue",
        ),
        (metric("containerResource", name="cpu"), "must specify a container"),
        (metric("pods", metric={"name": "x"}, target={"type": "Value"}), "must specify a positive target averageValue"),
        (metric("external", metric={}, target={"type": "Value"}), "must specify a metric name"),
        (metric("object", metric={"name": "x"}, target={"type": "Value"}), "must set either a target value or average"),
        (rules(stabilizationWindowSeconds=-1), "must be greater than or equal to zero"),
        (rules(stabilizationWindowSeconds=3601), "must be less than or equal to 3600"),
        (rules(selectPolicy="No"), 'supported values: "Disabled", "Max", "Min"'),
        (rules(policies=[{"type": "No", "value": 1, "periodSeconds": 1}]), 'supported values: "Percent", "Pods"'),
        (rules(policies=[{"type": "Pods", "value": 0, "periodSeconds": 1}]), "must be greater than zero"),
        (rules(policies=[{"type": "Pods", "value": 1, "periodSeconds": 1801}]), "must be less than or equal to 1800"),
        (rules(tolerance="-1"), "spec.behavior.scaleUp.tolerance: Invalid value"),
    ],
)
def test_what_is_wrong_is_named(spec, words):
    assert any(words in problem for problem in problems(**spec)), problems(**spec)


@pytest.mark.parametrize(
    ("target", "old", "told"),
    [
        ({"kind": "Deployment", "apiVersion": "v1"}, None, True),
        ({"kind": "ReplicationController", "apiVersion": "v1"}, None, False),  # the one of the core that scales
        ({"kind": "Foo"}, {"kind": "Foo"}, False),  # accepted once, it stays
        ({"kind": "Foo"}, {"kind": "Deployment", "apiVersion": "apps/v1"}, True),
        ({"kind": "Foo", "apiVersion": "a/b/c"}, None, True),
    ],
)
def test_a_target_says_its_group(target, old, told):
    def whole(reference):
        return {"metadata": {"name": "h"}, "spec": {"maxReplicas": 3, "scaleTargetRef": {"name": "x", **reference}}}

    paths = [problem.path for problem in validate(whole(target), old and whole(old))]

    assert ("spec.scaleTargetRef.apiVersion" in paths) == told
