"""What the HTTP server answers for the application before a request exists: a Status, as upstream's clients expect."""

from __future__ import annotations

import json

import pytest

from sampan.errors import NotFound
from sampan_server.request.statuses import own_error, refusal


@pytest.mark.parametrize(
    ("code", "reason"), [(413, "RequestEntityTooLarge"), (400, "BadRequest"), (500, "InternalError"), (431, "")]
)
def test_a_refusal_is_a_status(code, reason):
    answer = refusal(code, "in words")

    status = json.loads(answer.body)
    assert (answer.status, answer.content_type, answer.headers) == (code, "application/json", ())
    assert (status["kind"], status["code"], status["reason"], status["message"]) == ("Status", code, reason, "in words")


def test_a_refusal_may_ask_to_come_again():
    answer = refusal(429, "too many", retry_after=2)

    assert answer.headers == (("Retry-After", "2"),)
    assert json.loads(answer.body)["details"] == {"retryAfterSeconds": 2}


def test_only_errors_with_a_status_are_answered():
    assert own_error(NotFound("gone")).status == 404
    assert own_error(ValueError("secret")) is None


def test_the_application_tells_the_http_server_so(api):
    assert api.app.wsgi.refuse is refusal
    assert api.app.wsgi.answer_error is own_error
