from __future__ import annotations

from sampan_federation.execution.conditions import LONGEST, Outcome, applied, clean, suspended
from sampan_machinery.metadata import condition_is, get_condition
from sampan_machinery.resources import DEPLOYMENTS

NOW, LATER = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
MANIFEST = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}}


def outcome(ordinal=0, **more):
    return Outcome(ordinal, MANIFEST, DEPLOYMENTS, **more)


def work(status=None):
    return {"metadata": {"name": "w", "generation": 3}, "status": status or {}}


def test_all_applied():
    status = applied(work(), [outcome(status={"replicas": 1}, health="Healthy")], NOW)

    assert condition_is(status, "Applied") and condition_is(status, "Degraded", "False")
    assert get_condition(status, "Applied")["observedGeneration"] == 3
    [reported] = status["manifestStatuses"]
    assert reported == {
        "identifier": {
            "ordinal": 0, "group": "apps", "version": "v1", "kind": "Deployment", "resource": "deployments",
            "namespace": "shop", "name": "web",
        },
        "status": {"replicas": 1}, "health": "Healthy",
    }  # fmt: skip


def test_a_status_that_stays_is_not_written():
    status = applied(work(), [outcome(health="Healthy")], NOW)

    assert applied(work(status), [outcome(health="Healthy")], LATER) is None


def test_what_failed_is_counted_and_said():
    status = applied(work(), [outcome(health="Healthy"), outcome(1, error="no\nway")], NOW)

    assert condition_is(status, "Applied", "False")
    assert get_condition(status, "Applied")["message"] == "Failed to apply all manifests (1/2): no way"


def test_an_unhealthy_object_degrades_the_work():
    assert condition_is(applied(work(), [outcome(health="Unhealthy")], NOW), "Degraded")


def test_drift_that_is_left_is_a_condition_until_it_is_gone():
    status = applied(work(), [outcome(health="Healthy", drifted=["spec.replicas"])], NOW)

    assert "spec.replicas" in get_condition(status, "Drifted")["message"]
    assert get_condition(applied(work(status), [outcome(health="Healthy")], NOW), "Drifted") is None


def test_suspension_is_a_condition_that_ends():
    status = suspended(work(), NOW)

    assert condition_is(status, "Dispatching", "False")
    assert suspended(work(status), LATER) is None
    assert condition_is(applied(work(status), [outcome()], LATER), "Dispatching")


def test_words_of_a_member_are_bounded_and_in_one_line():
    assert clean("a\x1b[31m\nb") == "a [31m b"
    assert len(clean("x" * 10_000)) == LONGEST
