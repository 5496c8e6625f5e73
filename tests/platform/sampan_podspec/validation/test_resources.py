from __future__ import annotations

import pytest

from sampan_podspec.validation.spec import pod_spec

NAME_PART, CONTAINERS = "name part must consist of", "must be a standard resource for containers"
EXTENDED = "doesn't follow extended resource name standard"
PAGES = "is not positive integer multiple of hugepages-2Mi"


def found(*containers, **spec):
    whole = {
        "restartPolicy": "Always", "dnsPolicy": "ClusterFirst", **spec,
        "containers": [
            {"name": f"c{number}", "image": "x", "terminationMessagePolicy": "File", "resources": resources}
            for number, resources in enumerate(containers)
        ],
    }  # fmt: skip
    return [f"{problem.path.removeprefix('spec.')}: {problem.message}" for problem in pod_spec(whole)]


@pytest.mark.parametrize(
    "resources, words",
    [
        ({"limits": {"a b": "1"}}, [NAME_PART, CONTAINERS]),
        ({"limits": {"": "1"}}, ["name part must be non-empty", NAME_PART, CONTAINERS]),
        ({"limits": {"gpu": "1"}}, ["must be a standard resource type or fully qualified", CONTAINERS]),
        ({"limits": {"pods": "1500m"}}, [CONTAINERS, "must be an integer"]),
        ({"limits": {"storage": "1500m"}}, [CONTAINERS]),
        ({"limits": {"a/b/c": "1"}}, ["a valid label key", EXTENDED]),
        ({"limits": {"requests.example.com/x": "1"}}, [EXTENDED]),
        ({"limits": {"example.com/x": "1500m"}}, ["must be an integer"]),
        ({"limits": {"kubernetes.io/x": "1500m"}}, []),
        ({"requests": {"kubernetes.io/x": "1"}}, []),
        ({"requests": {"example.com/x": "1"}}, ["Limit must be set for non overcommitable resources"]),
        ({"limits": {"hugepages-2Mi": "4Mi", "cpu": "1"}}, []),
        ({"limits": {"hugepages-2Mi": "4Mi"}}, ["HugePages require cpu or memory"]),
        ({"limits": {"hugepages-2Mi": "1Mi", "cpu": "1"}}, [f"1Mi {PAGES}"]),
        ({"limits": {"hugepages-x": "2Mi", "cpu": "1"}}, ["2Mi is not positive integer multiple of hugepages-x"]),
    ],
)
def test_what_a_container_may_ask_for(resources, words):
    lines = found(resources)

    assert len(lines) == len(words)
    assert all(word in line for word, line in zip(words, lines, strict=True))


def test_overhead_is_checked_as_limits_are():
    lines = found({}, overhead={"a b": "1", "cpu": "-1", "example.com/x": "1500m"})

    assert [line.partition(":")[0] for line in lines] == [
        "overhead.limits[a b]", "overhead.limits[a b]", "overhead.limits[cpu]", "overhead.limits[example.com/x]",
    ]  # fmt: skip


CLAIM = {"name": "a"}
NONE = "must be one of the names in pod.spec.resourceClaims which is empty"


@pytest.mark.parametrize(
    "claims, lines",
    [
        ([CLAIM, {"name": "b"}], []),
        ([CLAIM, CLAIM], ['claims[1]: Duplicate value: "a"']),
        ([{"name": "a", "request": "r"}, CLAIM], ['claims[1]: Duplicate value: "a"']),
        ([{"name": "a", "request": "r"}, {"name": "a", "request": "s"}], []),
        (
            [{"name": "c"}],
            ['claims[0]: Not found: "c": must be one of the names in pod.spec.resourceClaims: a, b'],
        ),
    ],
)
def test_a_claim_of_the_pod_is_used_once(claims, lines):
    known = [{"name": name, "resourceClaimName": "x"} for name in ("b", "a")]

    assert found({"claims": claims}, resourceClaims=known) == [f"containers[0].resources.{line}" for line in lines]


COVERS = "must be greater than or equal to aggregate container requests of"
UNSUPPORTED = 'supported values: "cpu", "hugepages-", "memory"'


@pytest.mark.parametrize(
    "whole, container, lines",
    [
        ({"limits": {"cpu": "1"}, "requests": {"cpu": "1"}}, {}, []),
        ({"limits": {"a": "1"}}, {},
         ['limits[a]: Invalid value: "a": must be a standard resource type or fully qualified']),
        ({"limits": {"ephemeral-storage": "1"}}, {},
         [f'limits[ephemeral-storage]: Unsupported value: "ephemeral-storage": {UNSUPPORTED}']),
        ({"limits": {"example.com/x": "1"}}, {},
         [f'limits[example.com/x]: Unsupported value: "example.com/x": {UNSUPPORTED}']),
        ({"claims": [CLAIM]}, {}, ["claims: Forbidden: claims may not be set for Resources at pod-level",
                                  f'claims[0]: Not found: "a": {NONE}']),
        ({"claims": []}, {}, ["claims: Forbidden: claims may not be set for Resources at pod-level"]),
        ({"requests": {"cpu": "1"}}, {"requests": {"cpu": "800m"}}, [
            f'requests[cpu]: Invalid value: "1": {COVERS} 1600m']),
        ({"limits": {"cpu": "1"}}, {"limits": {"cpu": "1"}}, []),
        ({"limits": {"cpu": "500m"}}, {"limits": {"cpu": "1"}}, [
            'containers[0][cpu].limits: Invalid value: "1": must be less than or equal to pod limits of 500m',
            'containers[1][cpu].limits: Invalid value: "1": must be less than or equal to pod limits of 500m']),
    ],
)  # fmt: skip
def test_resources_of_a_whole_pod_go_with_those_of_its_two_containers(whole, container, lines):
    assert found(container, container, resources=whole) == [f"resources.{line}" for line in lines]
