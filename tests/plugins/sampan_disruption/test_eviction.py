from __future__ import annotations

import pytest

from sampan.errors import Forbidden, InternalError, TooManyRequests
from sampan_disruption.eviction import judge
from sampan_machinery.metadata import get_condition, now_text

NOW = 1_700_000_000.0


def pod(phase="Running", *, ready=True, **metadata):
    conditions = [{"type": "Ready", "status": "True" if ready else "False", "lastTransitionTime": now_text(NOW - 60)}]
    return {
        "metadata": {"name": "a", "namespace": "default", "labels": {"app": "web"}, **metadata},
        "status": {"phase": phase, "conditions": conditions},
    }


def budget(allowed=1, *, name="web", policy=None, **status):
    spec = {"selector": {"matchLabels": {"app": "web"}}}
    if policy:
        spec["unhealthyPodEvictionPolicy"] = policy
    whole = {
        "disruptionsAllowed": allowed, "currentHealthy": 2, "desiredHealthy": 2, "observedGeneration": 1, **status
    }  # fmt: skip
    return {"metadata": {"name": name, "generation": 1}, "spec": spec, "status": whole}


def refusal(*budgets, error=TooManyRequests, **of_pod):
    with pytest.raises(error) as caught:
        judge(pod(**of_pod), budgets, NOW)
    return caught.value


def test_an_eviction_takes_one_disruption_and_notes_the_pod():
    status = judge(pod(), [budget(2)], NOW).budget["status"]

    assert status["disruptionsAllowed"] == 1
    assert status["disruptedPods"] == {"a": now_text(NOW)}
    assert "conditions" not in status


def test_the_last_disruption_turns_the_condition():
    condition = get_condition(judge(pod(), [budget(1)], NOW).budget["status"], "DisruptionAllowed")

    assert (condition["status"], condition["reason"]) == ("False", "InsufficientPods")


def test_without_a_disruption_it_is_refused_with_the_cause():
    error = refusal(budget(0))

    assert error.message == "Cannot evict pod as it would violate the pod's disruption budget."
    (cause,) = error.causes
    assert cause.reason == "DisruptionBudget"
    assert cause.message == "The disruption budget web needs 2 healthy pods and has 2 currently"


def test_a_budget_that_could_not_be_calculated_says_so():
    conditions = [{"type": "DisruptionAllowed", "status": "False", "reason": "SyncFailed", "message": "no scale"}]

    (cause,) = refusal(budget(0, conditions=conditions)).causes

    assert cause.message.endswith("currently because it failed sync: no scale")


def test_a_budget_that_the_controller_has_not_seen_is_asked_later():
    error = refusal(budget(5, observedGeneration=0))

    assert error.retry_after == 10
    assert error.causes[0].message == "The disruption budget web is still being processed by the server."


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_a_finished_pod_needs_no_budget(phase):
    assert judge(pod(phase), [budget(0)], NOW) == (None, False)


def test_a_terminating_pod_needs_no_budget():
    assert judge(pod(deletionTimestamp=now_text(NOW)), [budget(0)], NOW) == (None, False)


def test_a_pending_pod_needs_none_while_it_stays_pending():
    assert judge(pod("Pending"), [budget(0)], NOW) == (None, True)


@pytest.mark.parametrize(
    "found", [budget(0, policy="AlwaysAllow", currentHealthy=0), budget(0, currentHealthy=3), budget(0)]
)
def test_an_unhealthy_pod_goes_where_the_policy_or_enough_healthy_ones_allow(found):
    assert judge(pod(ready=False), [found], NOW) == (None, True)


def test_an_unhealthy_pod_stays_while_too_few_are_healthy():
    refusal(budget(0, currentHealthy=1), ready=False)


def test_two_budgets_for_a_pod_are_an_error():
    error = refusal(budget(1), budget(1, name="other"), error=InternalError)

    assert "more than one PodDisruptionBudget" in error.message


def test_a_budget_in_disorder_is_forbidden():
    refusal(budget(-1), error=Forbidden)
    refusal(budget(1, disruptedPods={str(n): now_text(NOW) for n in range(2001)}), error=Forbidden)


def test_a_pod_of_no_budget_goes():
    assert judge(pod(labels={"app": "other"}), [budget(0)], NOW) == (None, False)
