import pytest

from sampan_quota.podusage import constrain_pod, pod_usage


def container(name="c", requests=None, limits=None):
    return {"name": name, "resources": {"requests": requests or {}, "limits": limits or {}}}


def pod(*containers, status=None, metadata=None, **spec):
    return {"metadata": metadata or {}, "spec": {"containers": list(containers), **spec}, "status": status or {}}


def used(obj, now=0.0):
    return {name: str(amount) for name, amount in pod_usage(obj, now).items()}


def test_requests_and_limits_of_all_containers_count_by_both_names():
    obj = pod(
        container(requests={"cpu": "500m", "memory": "64Mi"}, limits={"cpu": "1"}),
        container("d", requests={"cpu": "250m", "example.com/dongle": "2", "hugepages-2Mi": "4Mi"}),
    )

    assert used(obj) == {
        "count/pods": "1", "pods": "1", "cpu": "750m", "requests.cpu": "750m", "memory": "64Mi",
        "requests.memory": "64Mi", "limits.cpu": "1", "requests.example.com/dongle": "2", "hugepages-2Mi": "4Mi",
        "requests.hugepages-2Mi": "4Mi",
    }  # fmt: skip


@pytest.mark.parametrize(
    "obj, now",
    [
        (pod(status={"phase": "Succeeded"}), 0.0),
        (pod(status={"phase": "Failed"}), 0.0),
        (pod(metadata={"deletionTimestamp": "1970-01-01T00:01:00Z", "deletionGracePeriodSeconds": 30}), 91.0),
    ],
)
def test_a_pod_that_runs_no_more_counts_as_an_object_only(obj, now):
    assert used(obj, now) == {"count/pods": "1"}


def test_a_pod_that_is_stopping_counts():
    obj = pod(metadata={"deletionTimestamp": "1970-01-01T00:01:00Z", "deletionGracePeriodSeconds": 30})

    assert used(obj, 89.0)["pods"] == "1"


def test_what_is_said_for_the_whole_pod_counts_in_place_of_its_containers():
    obj = pod(container(requests={"cpu": "1"}), resources={"requests": {"cpu": "2"}}, overhead={"memory": "10Mi"})

    assert used(obj)["cpu"] == "2"
    assert used(obj)["memory"] == "10Mi"


def test_while_a_pod_is_resized_the_greater_amount_counts():
    status = {
        "containerStatuses": [
            {"name": "c", "resources": {"requests": {"cpu": "2"}}, "allocatedResources": {"cpu": "3"}}
        ]
    }

    assert used(pod(container(requests={"cpu": "1"}), status=status))["cpu"] == "3"
    assert used(pod(container(requests={"cpu": "4"}), status=status))["cpu"] == "4"


@pytest.mark.parametrize(
    "obj, names, why",
    [
        (pod(container(requests={"cpu": "1"})), ["cpu", "pods"], ""),
        (
            pod(container(), container("d", {"cpu": "1"})), ["cpu", "limits.memory"],
            "must specify cpu for: c; limits.memory for: c,d",
        ),
        (pod(container(), initContainers=[container("i")]), ["requests.cpu"], "must specify requests.cpu for: c,i"),
        (pod(container()), ["requests.ephemeral-storage", "requests.example.com/dongle"], ""),
        (pod(container(), resources={"limits": {"cpu": "1"}}), ["memory"], ""),
    ],
)  # fmt: skip
def test_what_containers_must_say(obj, names, why):
    assert constrain_pod(names, obj) == why
