import pytest

from sampan_node.pod.resizing import Resizing, Standing, as_granted, is_granted, remembered, restart_needed, same


def amounts(**limits):
    return {"limits": limits}


def pod(resources, status=None):
    return {"spec": {"containers": [{"name": "a", "resources": resources}]}, "status": status or {}}


def test_a_pod_that_has_not_started_is_granted_what_it_asks_for():
    wanted = pod(amounts(cpu="1"))

    assert is_granted(wanted, remembered(wanted))


def test_what_a_started_container_was_granted_is_in_its_status():
    told = {"name": "a", "containerID": "docker://x", "resources": amounts(cpu="1")}
    wanted = pod(amounts(cpu="2"), {"containerStatuses": [told]})

    assert remembered(wanted).granted == {"a": amounts(cpu="1")}
    assert not is_granted(wanted, remembered(wanted))


def test_a_resize_that_waits_is_remembered():
    condition = {"type": "PodResizePending", "reason": "Deferred", "message": "m", "observedGeneration": 3}

    assert remembered(pod({}, {"conditions": [condition]})).pending == Standing("Deferred", "m", 3)


def test_the_same_amount_may_be_written_in_two_ways():
    assert same(amounts(cpu="1", memory="1Gi"), amounts(cpu="1000m", memory="1024Mi"))
    assert not same(amounts(cpu="1"), {"requests": {"cpu": "1"}})
    assert same({"limits": {"ephemeral-storage": "1"}}, {})


def test_containers_are_started_with_what_is_granted_while_more_is_wanted():
    waiting = Resizing(granted={"a": amounts(cpu="1")}, pending=Standing("Deferred", "", 2))

    assert as_granted(pod(amounts(cpu="2")), waiting)["spec"]["containers"][0]["resources"] == amounts(cpu="1")


@pytest.mark.parametrize(
    ("policy", "after", "needed"),
    [
        ("RestartContainer", amounts(cpu="1", memory="2Gi"), True),
        ("RestartContainer", amounts(cpu="2", memory="1Gi"), False),
        ("NotRequired", amounts(cpu="1", memory="2Gi"), False),
    ],
)
def test_a_container_is_restarted_where_its_policy_says_so_for_what_changes(policy, after, needed):
    container = {"name": "a", "resizePolicy": [{"resourceName": "memory", "restartPolicy": policy}]}

    assert restart_needed(container, amounts(cpu="1", memory="1Gi"), after) is needed
