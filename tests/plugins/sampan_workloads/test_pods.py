import pytest

from sampan_workloads.pods import available_in, is_active, is_available, is_terminating, ready_since, to_delete

NOW = 1_800_000_000.0
COST = "controller.kubernetes.io/pod-deletion-cost"


def stamp(ago):
    from sampan_machinery.metadata import now_text

    return now_text(NOW - ago)


def pod(name="a", *, phase="Running", ready=None, node="n1", cost="", restarts=0, age=1000, deleting=False):
    metadata = {"name": name, "creationTimestamp": stamp(age), "annotations": {COST: cost} if cost else {}}
    if deleting:
        metadata["deletionTimestamp"] = stamp(1)
    status = {"phase": phase, "containerStatuses": [{"restartCount": restarts}]}
    if ready is not None:
        status["conditions"] = [{"type": "Ready", "status": "True", "lastTransitionTime": stamp(ready)}]
    return {"metadata": metadata, "spec": {"nodeName": node}, "status": status}


def names(pods):
    return [each["metadata"]["name"] for each in pods]


def test_active_is_neither_ended_nor_ending():
    assert is_active(pod()) and is_active(pod(phase="Pending"))
    assert not is_active(pod(phase="Failed")) and not is_active(pod(deleting=True))
    assert is_terminating(pod(deleting=True)) and not is_terminating(pod(phase="Succeeded", deleting=True))


def test_available_is_ready_for_long_enough():
    assert ready_since(pod()) is None
    assert is_available(pod(ready=5), 0, NOW)
    assert is_available(pod(ready=10), 10, NOW)
    assert not is_available(pod(ready=9), 10, NOW)
    assert not is_available(pod(), 0, NOW)


def test_the_next_available_one_is_waited_for():
    assert available_in([pod(ready=4), pod(ready=7), pod(ready=30), pod()], 10, NOW) == pytest.approx(3, abs=1)
    assert available_in([pod(ready=30)], 10, NOW) is None
    assert available_in([pod(ready=1)], 0, NOW) is None


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (pod("a", node=""), pod("b")),  # not on a node
        (pod("a", phase="Pending"), pod("b")),
        (pod("a"), pod("b", ready=5)),  # not ready
        (pod("a", ready=5, cost="-1"), pod("b", ready=5)),
        (pod("a", ready=5), pod("b", ready=500)),  # ready for a shorter time
        (pod("a", ready=5, restarts=3), pod("b", ready=5)),
        (pod("a", ready=5, age=10), pod("b", ready=5, age=5000)),
    ],
)
def test_the_pod_that_is_missed_least_goes_first(first, second):
    assert names(to_delete([second, first], [], 1, NOW)) == ["a"]


def test_a_crowded_node_loses_a_pod_first():
    pods = [pod("a", ready=5, node="n1"), pod("b", ready=5, node="n2")]

    assert names(to_delete(pods, [*pods, pod("c", node="n2")], 1, NOW)) == ["b"]


def test_all_go_when_as_many_are_asked_for():
    assert names(to_delete([pod("a"), pod("b")], [], 5, NOW)) == ["a", "b"]


def test_a_cost_that_is_no_number_counts_as_none():
    assert names(to_delete([pod("a", ready=5, cost="much"), pod("b", ready=5, cost="-5")], [], 1, NOW)) == ["b"]
