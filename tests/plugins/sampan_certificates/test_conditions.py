from __future__ import annotations

import pytest

from sampan_certificates.conditions import fill_times, has_failed, is_approved, is_decided, keep_decision, phase


def having(*types, certificate=""):
    status = {"conditions": [{"type": each, "status": "True"} for each in types]}
    return {"status": {**status, "certificate": certificate} if certificate else status}


@pytest.mark.parametrize(
    "request_, text",
    [
        ({}, "Pending"),
        (having("Approved"), "Approved"),
        (having("Approved", certificate="eA=="), "Approved,Issued"),
        (having("Denied"), "Denied"),
        (having("Approved", "Failed"), "Approved,Failed"),
        (having("Other"), "Pending"),
    ],
)
def test_the_phase_is_what_kubectl_shows(request_, text):
    assert phase(request_) == text


def test_a_denied_request_is_decided_and_not_approved():
    assert is_approved(having("Approved"))
    assert not is_approved(having("Approved", "Denied"))
    assert is_decided(having("Denied")) and not is_decided(having("Other"))
    assert has_failed(having("Failed")) and not has_failed(having("Approved"))


def test_times_that_are_missing_are_filled_in():
    old = {"status": {"conditions": [{"type": "A", "status": "True", "lastTransitionTime": "then"}]}}
    new = having("A", "B")

    fill_times(new, old, "now")

    assert [(each["lastTransitionTime"], each["lastUpdateTime"]) for each in new["status"]["conditions"]] == [
        ("then", "now"), ("now", "now"),
    ]  # fmt: skip


def test_a_decision_that_is_there_is_kept_as_it_is():
    old = {"status": {"conditions": [{"type": "Approved", "status": "True", "reason": "first"}]}}
    new = {"status": {"conditions": [{"type": "Other"}, {"type": "Approved", "status": "True", "reason": "second"}]}}

    keep_decision(new, old)

    assert new["status"]["conditions"] == [{"type": "Other"}, *old["status"]["conditions"]]
