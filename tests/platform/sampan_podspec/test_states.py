"""Which pods count as ready and available, and which are deleted first."""

import pytest

from sampan_machinery.metadata import now_text
from sampan_podspec.states import available_in, is_active, is_available, is_terminating, ready_since, to_delete

NOW = 1_700_000_000.0


def pod(name, *, labels=None, node="", phase="Running", ready_for=None, cost=None, restarts=0):
    metadata = {"name": name, "namespace": "default", "labels": labels or {"app": "web"}}
    metadata["creationTimestamp"] = now_text(NOW - 3600)
    if cost is not None:
        metadata["annotations"] = {"controller.kubernetes.io/pod-deletion-cost": str(cost)}
    status = {"phase": phase, "containerStatuses": [{"restartCount": restarts}]}
    if ready_for is not None:
        ready = {"type": "Ready", "status": "True", "lastTransitionTime": now_text(NOW - ready_for)}
        status["conditions"] = [ready]
    return {"kind": "Pod", "metadata": metadata, "spec": {"nodeName": node} if node else {}, "status": status}


def first_gone(*pods, related=()):
    return to_delete(pods, related, 1, NOW)[0]["metadata"]["name"]


def test_pods_without_a_node_go_first():
    assert first_gone(pod("placed", node="n"), pod("unplaced")) == "unplaced"


def test_pending_pods_go_before_running_ones():
    assert first_gone(pod("running", node="n"), pod("pending", node="n", phase="Pending")) == "pending"


def test_pods_that_are_not_ready_go_before_ready_ones():
    assert first_gone(pod("ready", node="n", ready_for=60), pod("not", node="n")) == "not"


def test_cheap_pods_go_before_dear_ones():
    assert (
        first_gone(pod("dear", node="n", ready_for=9, cost=10), pod("cheap", node="n", ready_for=9, cost=-1)) == "cheap"
    )


def test_crowded_nodes_lose_a_pod_first():
    pods = [pod("alone", node="a", ready_for=60), pod("b1", node="b", ready_for=60), pod("b2", node="b", ready_for=60)]

    assert first_gone(*pods, related=pods) in ("b1", "b2")


def test_pods_ready_for_long_stay():
    assert first_gone(pod("old", node="n", ready_for=1000), pod("new", node="n", ready_for=10)) == "new"


def test_pods_that_restart_often_go_first():
    calm, shaky = pod("calm", node="n", ready_for=60), pod("shaky", node="n", ready_for=60, restarts=5)

    assert first_gone(calm, shaky) == "shaky"


@pytest.mark.parametrize(
    ("phase", "deleting", "active", "terminating"),
    [
        ("Running", False, True, False), ("Pending", False, True, False), ("Running", True, False, True),
        ("Succeeded", False, False, False), ("Failed", True, False, False),
    ],
)  # fmt: skip
def test_finished_and_deleting_pods_are_not_active(phase, deleting, active, terminating):
    found = pod("a", phase=phase)
    if deleting:
        found["metadata"]["deletionTimestamp"] = now_text(NOW)

    assert (is_active(found), is_terminating(found)) == (active, terminating)


def test_a_pod_is_available_after_being_ready_for_min_ready_seconds():
    young, old, unready = pod("a", ready_for=5), pod("b", ready_for=30), pod("c")

    assert [is_available(each, 10, NOW) for each in (young, old, unready)] == [False, True, False]
    assert is_available(young, 0, NOW)
    assert available_in([young, old, unready], 10, NOW) == 5
    assert available_in([old, unready], 10, NOW) is None
    assert ready_since(unready) is None
