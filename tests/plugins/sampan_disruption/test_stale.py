from __future__ import annotations

import pytest

from sampan.contracts.reconciling import Key, Requeue, Update
from sampan_disruption.stale import decide, marked
from sampan_machinery.metadata import get_condition, now_text
from sampan_machinery.resources import PODS
from sampan_testing.shelves import Shelf

NOW = 1_700_000_000.0
KEY = Key("default", "a")


def pod(age=0.0, *, status="True", reason="EvictionByEvictionAPI", phase="Running", **metadata):
    condition = {
        "type": "DisruptionTarget", "status": status, "reason": reason, "lastTransitionTime": now_text(NOW - age)
    }  # fmt: skip
    whole = {"name": "a", "namespace": "default", "generation": 1, **metadata}
    return {"metadata": whole, "status": {"phase": phase, "conditions": [condition]}}


def decided(found):
    return decide(KEY, Shelf([(PODS, found)], now=NOW))


def test_a_pod_that_was_never_deleted_is_no_target_any_more():
    (update,) = decided(pod(120))

    assert isinstance(update, Update) and update.subresource == "status"
    condition = get_condition(update.object["status"], "DisruptionTarget")
    assert (condition["status"], condition["lastTransitionTime"]) == ("False", now_text(NOW))
    assert "reason" not in condition


def test_a_fresh_condition_is_looked_at_in_time():
    assert decided(pod(100)) == [Requeue(20.0)]


@pytest.mark.parametrize(
    "found",
    [
        pod(999, status="False"),
        pod(999, reason="TerminationByKubelet"),
        pod(999, phase="Failed"),
        pod(999, deletionTimestamp=now_text(NOW)),
        {"metadata": {"name": "a", "namespace": "default"}},
    ],
)
def test_other_pods_are_left_alone(found):
    assert decided(found) == []
    assert list(marked(found, Shelf())) == []


def test_only_marked_pods_are_queued():
    assert list(marked(pod(1), Shelf())) == [KEY]
    assert decide(KEY, Shelf(now=NOW)) == []
