"""Callers by tokens that a webhook knows."""

import pytest

from sampan.contracts.access import Credentials, User
from sampan.errors import Unauthorized
from sampan_webhookaccess.asking import Unanswered
from sampan_webhookaccess.tokens import WebhookTokens

KNOWN = {"authenticated": True, "user": {"username": "joe", "uid": "7", "groups": ["a"], "extra": {"k": ["v"]}}}
JOE = User("joe", ("a", "system:authenticated"), "7", {"k": ("v",)})


class Asking:
    def __init__(self, answer):
        self.answer, self.reviews = answer, []

    def status(self, review):
        self.reviews.append(review)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def credentials(value="Bearer t"):
    return Credentials({"authorization": value} if value else {}, None, "")


def test_a_token_is_reviewed_and_remembered():
    asking, clock = Asking(KNOWN), Clock()
    found = WebhookTokens(asking, ("api",), seconds=5.0, clock=clock)

    assert [found.authenticate(credentials()) for _ in range(3)] == [JOE] * 3
    assert asking.reviews == [
        {"kind": "TokenReview", "apiVersion": "authentication.k8s.io/v1", "spec": {"token": "t", "audiences": ["api"]}}
    ]
    clock.now = 5.0
    found.authenticate(credentials())
    found.authenticate(credentials("bearer other"))
    assert len(asking.reviews) == 3


@pytest.mark.parametrize("value", ["", "Basic x", "Bearer ", "Bearer " + "x" * 20_000])
def test_what_is_no_token_is_of_another_sort(value):
    assert WebhookTokens(Asking(KNOWN), ()).authenticate(credentials(value)) is None


@pytest.mark.parametrize(
    "status",
    [
        {"authenticated": False}, {}, {**KNOWN, "audiences": ["other"]}, {"authenticated": True},
        {"authenticated": True, "user": {"username": ""}},
        {"authenticated": True, "user": {"username": "x", "groups": 1}},
        {"authenticated": True, "user": {"username": "x", "extra": [1]}}, Unanswered("down"),
    ],
)  # fmt: skip
def test_what_the_webhook_does_not_know_is_refused(status):
    with pytest.raises(Unauthorized):
        WebhookTokens(Asking(status), ("api",)).authenticate(credentials())


def test_one_of_the_apis_audiences_is_enough():
    found = WebhookTokens(Asking({**KNOWN, "audiences": ["x", "api"]}), ("api",), version="v1beta1")

    assert found.authenticate(credentials()) == JOE
