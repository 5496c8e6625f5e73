"""Refusals in upstream's words, whatever a webhook leaves out."""

import pytest

from sampan_webhooks.refusals import CallingFailed, denied, failed_closed, no_dry_run, too_late

TOLD = 'admission webhook "a.b.c" denied the request'


@pytest.mark.parametrize(
    ("status", "wanted"),
    [
        (None, {"code": 400, "message": f"{TOLD} without explanation"}),
        ({"message": "no", "code": 403, "reason": "Forbidden"},
         {"code": 403, "reason": "Forbidden", "message": f"{TOLD}: no"}),
        ({"reason": "Because", "code": 418}, {"code": 418, "reason": "Because", "message": f"{TOLD}: Because"}),
        ({"message": "no", "code": 200, "status": "Success"}, {"code": 400, "message": f"{TOLD}: no"}),
        ({"message": "no", "code": "x", "details": {"a": 1}},
         {"code": 400, "message": f"{TOLD}: no", "details": {"a": 1}}),
    ],
)  # fmt: skip
def test_a_denial_is_the_webhooks_status(status, wanted):
    found = denied("a.b.c", status)

    assert found.to_status() == {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", **wanted}
    assert found.code == wanted["code"]


def test_a_failed_call_is_an_internal_error_with_its_cause():
    failure = CallingFailed("a.b.c", "failed to call webhook: EOF")
    error = failed_closed(failure)

    words = 'failed calling webhook "a.b.c": failed to call webhook: EOF'
    assert error.message == f"Internal error occurred: {words}"
    assert error.causes[0].message == words
    assert error.code == 500


def test_the_others():
    assert no_dry_run("a.b.c").message == 'admission webhook "a.b.c" does not support dry run'
    assert too_late().code == 504


def test_none_of_them_is_worth_another_attempt():
    failure = CallingFailed("a.b.c", "x")

    assert all(error.final for error in (denied("a.b.c", None), failed_closed(failure), no_dry_run("a"), too_late()))
