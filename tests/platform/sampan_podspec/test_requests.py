from __future__ import annotations

from fractions import Fraction

import pytest

from sampan_podspec.requests import pod_requests, qos_class


def container(requests=None, limits=None, **more):
    return {"resources": {"requests": requests or {}, "limits": limits or {}}, **more}


def test_containers_add_up():
    spec = {"containers": [container({"cpu": "100m"}), container({"cpu": "1", "memory": "1Gi"}), {}]}

    assert pod_requests(spec) == {"cpu": Fraction(11, 10), "memory": 2**30}


def test_the_largest_init_step_counts():
    spec = {
        "initContainers": [
            container({"cpu": "3"}),
            container({"cpu": "1"}, restartPolicy="Always"),
            container({"cpu": "2"}),
        ],
        "containers": [container({"cpu": "1"})],
    }

    assert pod_requests(spec) == {"cpu": 3}
    spec["containers"].append(container({"cpu": "5"}))
    assert pod_requests(spec) == {"cpu": 7}


def test_overhead_is_added_and_pod_level_requests_take_precedence():
    spec = {"containers": [container({"cpu": "1", "memory": "1"})], "overhead": {"cpu": "500m"}}
    assert pod_requests(spec)["cpu"] == Fraction(3, 2)

    spec["resources"] = {"requests": {"cpu": "4"}}
    assert pod_requests(spec) == {"cpu": Fraction(9, 2), "memory": 1}


def test_limits_have_overhead_only_where_there_are_limits():
    spec = {"containers": [container(limits={"cpu": "1"})], "overhead": {"cpu": "1", "memory": "1"}}

    assert pod_requests(spec, kind="limits") == {"cpu": 2}


FULL = {"cpu": "1", "memory": "1Gi"}


@pytest.mark.parametrize(
    ("expected", "spec"),
    [
        ("BestEffort", {"containers": [{}]}),
        ("BestEffort", {"containers": [container({"cpu": "0"})]}),
        ("BestEffort", {"containers": [container({"example.com/gpu": "1"})]}),
        ("Burstable", {"containers": [container({"cpu": "1"})]}),
        ("Burstable", {"containers": [container(FULL, FULL), {}]}),
        ("Burstable", {"containers": [container({"cpu": "500m"}, FULL)]}),
        ("Guaranteed", {"containers": [container({"cpu": "1000m", "memory": "1024Mi"}, FULL)]}),
        ("Guaranteed", {"containers": [container({}, FULL)]}),
        ("Burstable", {"containers": [container(FULL, FULL)], "initContainers": [{}]}),
        ("Guaranteed", {"containers": [{}], "resources": {"limits": FULL}}),
    ],
)
def test_classes_of_service(expected, spec):
    assert qos_class(spec) == expected
