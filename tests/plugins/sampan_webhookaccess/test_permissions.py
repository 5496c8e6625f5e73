"""What callers may do, as a webhook says."""

import pytest

from sampan.contracts.access import Attributes, Decision, User
from sampan_webhookaccess.asking import Unanswered
from sampan_webhookaccess.permissions import WebhookPermissions, spec_of

JOE = User("joe", ("a",), "7", {"k": ("v",)})
ASKED = Attributes(JOE, "list", "apps", "v1", "deployments", "", "default", "", fields="metadata.name=x,spec.a!=b")
WHO = {"user": "joe", "uid": "7", "groups": ["a"], "extra": {"k": ["v"]}}


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


def test_a_question_is_a_subject_access_review():
    assert spec_of(Attributes(JOE, "get", path="/x")) == {
        **WHO, "nonResourceAttributes": {"path": "/x", "verb": "get"},
    }  # fmt: skip
    fields = [
        {"key": "metadata.name", "operator": "In", "values": ["x"]},
        {"key": "spec.a", "operator": "NotIn", "values": ["b"]},
    ]
    assert spec_of(ASKED) == {
        **WHO,
        "resourceAttributes": {
            "namespace": "default", "verb": "list", "group": "apps", "version": "v1", "resource": "deployments",
            "fieldSelector": {"requirements": fields},
        },
    }  # fmt: skip
    assert "fieldSelector" not in spec_of(ASKED._replace(fields="nonsense"))["resourceAttributes"]


@pytest.mark.parametrize(
    ("status", "wanted"),
    [
        ({"allowed": True, "reason": "ok"}, (Decision.ALLOW, "ok")),
        ({"allowed": False, "denied": True}, (Decision.DENY, "")),
        ({"allowed": False}, (Decision.NO_OPINION, "")),
    ],
)
def test_the_status_decides(status, wanted):
    assert WebhookPermissions(Asking(status)).authorize(ASKED) == wanted


def test_v1beta1_has_another_name_for_groups():
    asking = Asking({"allowed": True})
    WebhookPermissions(asking, version="v1beta1").authorize(ASKED)

    assert asking.reviews[0]["spec"]["group"] == ["a"]
    assert "groups" not in asking.reviews[0]["spec"]


@pytest.mark.parametrize(("status", "seconds"), [({"allowed": True}, 300.0), ({"allowed": False}, 30.0)])
def test_decisions_are_remembered_by_what_they_are(status, seconds):
    asking, clock = Asking(status), Clock()
    found = WebhookPermissions(asking, clock=clock)

    for now in (0.0, seconds - 1, seconds):
        clock.now = now
        found.authorize(ASKED)

    assert len(asking.reviews) == 2


def test_a_question_that_is_too_long_is_not_remembered():
    asking = Asking({"allowed": True})
    found = WebhookPermissions(asking)

    for _ in range(2):
        found.authorize(ASKED._replace(name="x" * 10_001))

    assert len(asking.reviews) == 2


@pytest.mark.parametrize("status", [Unanswered("down"), {"allowed": True, "denied": True}])
@pytest.mark.parametrize("on_failure", [Decision.NO_OPINION, Decision.DENY])
def test_without_a_usable_answer_the_setting_counts(status, on_failure):
    assert WebhookPermissions(Asking(status), on_failure=on_failure).authorize(ASKED)[0] is on_failure
