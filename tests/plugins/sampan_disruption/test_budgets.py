from __future__ import annotations

import pytest

from sampan.contracts.reconciling import Emit, Requeue, Update
from sampan_disruption.budgets import Scale, decide, expectation, failed, needs_scale, selects
from sampan_machinery.metadata import get_condition, now_text

NOW = 1_700_000_000.0


def budget(status=None, **spec):
    spec.setdefault("selector", {"matchLabels": {"app": "web"}})
    metadata = {"name": "web", "namespace": "default", "generation": 2}
    return {"metadata": metadata, "spec": spec, **({"status": status} if status else {})}


def pod(name, *, ready=True, deleting=False):
    metadata = {"name": name, "namespace": "default", "labels": {"app": "web"}}
    if deleting:
        metadata["deletionTimestamp"] = now_text(NOW)
    conditions = [{"type": "Ready", "status": "True" if ready else "False", "lastTransitionTime": now_text(NOW - 60)}]
    return {"metadata": metadata, "spec": {}, "status": {"phase": "Running", "conditions": conditions}}


def status_of(actions):
    return next(action for action in actions if isinstance(action, Update)).object["status"]


@pytest.mark.parametrize(
    "spec, expected",
    [
        ({"minAvailable": 2}, (3, 2)),
        ({"minAvailable": "50%"}, (5, 3)),
        ({"maxUnavailable": 2}, (5, 3)),
        ({"maxUnavailable": "30%"}, (5, 3)),
        ({"maxUnavailable": 9}, (5, 0)),
        ({}, (0, 0)),
    ],
)
def test_how_many_pods_are_expected_and_wanted(spec, expected):
    assert expectation(budget(**spec), pods=3, scale=5) == expected


def test_only_percentages_and_max_unavailable_need_the_owners_scale():
    assert needs_scale(budget(maxUnavailable=1)) and needs_scale(budget(minAvailable="10%"))
    assert not needs_scale(budget(minAvailable=1))


def test_healthy_pods_beyond_those_that_are_wanted_may_go():
    pods = [pod("a"), pod("b"), pod("c"), pod("d", ready=False), pod("e", deleting=True)]

    status = status_of(decide(budget(minAvailable=2), pods, Scale(0), NOW))

    assert status == {
        "currentHealthy": 3, "desiredHealthy": 2, "expectedPods": 5, "disruptionsAllowed": 1, "observedGeneration": 2,
        "conditions": [{
            "type": "DisruptionAllowed", "status": "True", "reason": "SufficientPods", "message": "",
            "lastTransitionTime": now_text(NOW), "observedGeneration": 2,
        }],
    }  # fmt: skip


def test_a_settled_budget_writes_nothing():
    first = budget(minAvailable=1)
    settled = budget(status_of(decide(first, [pod("a")], Scale(0), NOW)), minAvailable=1)

    assert decide(settled, [pod("a")], Scale(0), NOW + 60) == []


def test_without_pods_nothing_may_go():
    actions = decide(budget(maxUnavailable=1), [], Scale(0), NOW)

    assert status_of(actions)["disruptionsAllowed"] == 0
    assert [action.reason for action in actions if isinstance(action, Emit)] == ["NoPods"]


def test_an_evicted_pod_is_not_healthy_until_it_is_late():
    recent, old = now_text(NOW - 20), now_text(NOW - 121)
    noted = budget({"disruptedPods": {"a": recent, "b": old, "gone": recent}}, minAvailable=1)

    actions = decide(noted, [pod("a"), pod("b")], Scale(0), NOW)

    status = status_of(actions)
    assert (status["currentHealthy"], status["disruptedPods"]) == (1, {"a": recent})
    assert [action.after for action in actions if isinstance(action, Requeue)] == [100.0]
    assert [action.reason for action in actions if isinstance(action, Emit)] == ["NotDeleted"]


def test_a_budget_whose_pods_have_no_scale_allows_nothing():
    allowed = budget({"disruptionsAllowed": 3, "observedGeneration": 1}, maxUnavailable=1)

    status = status_of(failed(allowed, "no such kind", NOW))

    condition = get_condition(status, "DisruptionAllowed")
    assert status["disruptionsAllowed"] == 0
    assert (condition["status"], condition["reason"], condition["message"]) == ("False", "SyncFailed", "no such kind")


def test_pods_without_a_controller_are_told():
    actions = decide(budget(maxUnavailable=1), [pod("a")], Scale(0, unmanaged=True), NOW)

    (event,) = [action for action in actions if isinstance(action, Emit)]
    assert event.reason == "UnmanagedPods" and "(selector: app=web)" in event.message


def test_an_empty_selector_selects_all_and_an_absent_one_none():
    assert selects(budget(selector={}), pod("a"))
    assert not selects({"metadata": {}, "spec": {}}, pod("a"))
