import pytest

from sampan_quota.limits import ANNOTATION, broken_by_claim, broken_by_pod, fill, joined


def ranged(**item):
    return {"metadata": {"name": "r"}, "spec": {"limits": [{"type": "Container", **item}]}}


def container(name="c", requests=None, limits=None, **more):
    resources = {kind: amounts for kind, amounts in (("requests", requests), ("limits", limits)) if amounts is not None}
    return {"name": name, **({"resources": resources} if resources else {}), **more}


def pod(*containers, **spec):
    return {"metadata": {"name": "web"}, "spec": {"containers": list(containers), **spec}}


def test_containers_get_what_they_lack_and_it_is_said():
    web = pod(container("a", requests={"cpu": "5m"}), container("b"), initContainers=[container("i")])

    fill(ranged(default={"memory": "2Mi", "cpu": "2"}, defaultRequest={"cpu": "1"}), web)

    both = {"requests": {"cpu": "1"}, "limits": {"memory": "2Mi", "cpu": "2"}}
    assert web["spec"]["containers"][0]["resources"] == {**both, "requests": {"cpu": "5m"}}
    assert web["spec"]["containers"][1]["resources"] == both
    assert web["spec"]["initContainers"][0]["resources"] == both
    assert web["metadata"]["annotations"] == {
        ANNOTATION: "LimitRanger plugin set: cpu, memory limit for container a; cpu request for container b; "
        "cpu, memory limit for container b; cpu request for init container i; cpu, memory limit for init container i"
    }


def test_a_pod_that_lacks_nothing_is_left_alone():
    web = pod(container(requests={"cpu": "1"}, limits={"cpu": "1"}))

    fill(ranged(default={"cpu": "2"}, defaultRequest={"cpu": "2"}), web)
    fill({"metadata": {"name": "other"}, "spec": {"limits": [{"type": "Pod", "max": {"cpu": "1"}}]}}, web)

    assert web == pod(container(requests={"cpu": "1"}, limits={"cpu": "1"}))


@pytest.mark.parametrize(
    "item, requests, limits, said",
    [
        ({"min": {"cpu": "1"}}, {"cpu": "1"}, None, ""),
        ({"min": {"cpu": "1"}}, None, None, "minimum cpu usage per Container is 1.  No request is specified"),
        ({"min": {"cpu": "1"}}, {"cpu": "5m"}, None, "minimum cpu usage per Container is 1, but request is 5m"),
        (
            {"min": {"cpu": "1"}}, {"cpu": "1"}, {"cpu": "5m"},
            "minimum cpu usage per Container is 1, but limit is 5m",
        ),
        ({"max": {"cpu": "1"}}, None, {"cpu": "1"}, ""),
        ({"max": {"cpu": "1"}}, {"cpu": "1"}, None, "maximum cpu usage per Container is 1.  No limit is specified"),
        ({"max": {"cpu": "1"}}, None, {"cpu": "2"}, "maximum cpu usage per Container is 1, but limit is 2"),
        (
            {"max": {"cpu": "1"}}, {"cpu": "2"}, {"cpu": "1"},
            "maximum cpu usage per Container is 1, but request is 2",
        ),
        ({"maxLimitRequestRatio": {"cpu": "2"}}, {"cpu": "1"}, {"cpu": "2"}, ""),
        (
            {"maxLimitRequestRatio": {"cpu": "2"}}, None, {"cpu": "2"},
            "cpu max limit to request ratio per Container is 2, but no request is specified or request is 0",
        ),
        (
            {"maxLimitRequestRatio": {"cpu": "2"}}, {"cpu": "1"}, None,
            "cpu max limit to request ratio per Container is 2, but no limit is specified or limit is 0",
        ),
        (
            {"maxLimitRequestRatio": {"cpu": "2"}}, {"cpu": "800m"}, {"cpu": "2"},
            "cpu max limit to request ratio per Container is 2, but provided ratio is 2.500000",
        ),
    ],
)  # fmt: skip
def test_a_container_is_held_to_its_limits(item, requests, limits, said):
    assert joined(broken_by_pod(ranged(**item), pod(container(requests=requests, limits=limits)))) == said


def test_init_containers_are_held_to_them_too():
    web = pod(container(limits={"cpu": "1"}), initContainers=[container(limits={"cpu": "2"})])

    assert "limit is 2" in joined(broken_by_pod(ranged(max={"cpu": "1"}), web))


def test_a_pod_is_the_sum_of_its_containers_without_overhead():
    web = pod(
        container("a", limits={"memory": "1Gi"}),
        container("b", limits={"memory": "512Mi"}),
        overhead={"memory": "9Gi"},
    )
    item = ranged(max={"memory": "1Gi"})
    item["spec"]["limits"][0]["type"] = "Pod"

    assert joined(broken_by_pod(item, web)) == "maximum memory usage per Pod is 1Gi, but limit is 1536Mi"


def test_what_the_pod_says_as_a_whole_counts():
    item = ranged(max={"cpu": "1"})
    item["spec"]["limits"][0]["type"] = "Pod"
    web = pod(container(limits={"cpu": "4"}), resources={"limits": {"cpu": "500m"}})

    assert joined(broken_by_pod(item, web)) == ""


@pytest.mark.parametrize(
    "item, request_, said",
    [
        ({"max": {"storage": "1Gi"}}, "1Gi", ""),
        ({"min": {"storage": "2Gi"}}, "1Gi", "minimum storage usage per {} is 2Gi, but request is 1Gi"),
        ({"max": {"storage": "1Gi"}}, "2Gi", "maximum storage usage per {} is 1Gi, but request is 2Gi"),
        (
            {"max": {"storage": "1Gi"}}, None,
            "maximum storage usage per {} is 1Gi.  No request is specified",
        ),
    ],
)  # fmt: skip
def test_a_claim_is_held_to_its_limits(item, request_, said):
    limit_range = {"spec": {"limits": [{"type": "PersistentVolumeClaim", **item}]}}
    claim = {"spec": {"resources": {"requests": {"storage": request_} if request_ else {}}}}

    assert joined(broken_by_claim(limit_range, claim)) == said.format("PersistentVolumeClaim")


def test_several_sentences_stand_in_brackets_and_each_once():
    assert joined(["a", "b", "a"]) == "[a, b]"
    assert joined([]) == ""
