"""Calls of webhooks: deadlines, dry runs, what is sent and what a reply means."""

import dataclasses
import json

import pytest

from sampan.contracts.access import User
from sampan.contracts.admission import Review
from sampan.contracts.kinds import Kind, Scale
from sampan.contracts.serving import Subresource
from sampan.errors import BadRequest, NotFound, StatusError
from sampan_admission.subjects import Subject
from sampan_machinery.resources import NAMESPACES
from sampan_testing.shelves import Shelf
from sampan_webhookclient.failures import CallFailed
from sampan_webhookclient.responses import Reply
from sampan_webhooks import calling
from sampan_webhooks.calling import Calling
from sampan_webhooks.refusals import CallingFailed
from sampan_webhooks.reviews import Response
from sampan_webhooks.webhooks import Webhook

KIND = Kind(group="", version="v1", kind="ConfigMap", plural="configmaps")


def review(**more):
    facts = {
        "operation": "CREATE", "kind": KIND, "subresource": "", "namespace": "default", "name": "x",
        "object": {"metadata": {"name": "x"}}, "old": None, "user": User("joe"), "dry_run": False, "reader": Shelf(),
    }  # fmt: skip
    return Review(**{**facts, **more})


def webhook(**more):
    given = {
        "name": "a.b.c", "clientConfig": {"url": "https://x.test/a"}, "sideEffects": "None",
        "admissionReviewVersions": ["v1"], **more,
    }  # fmt: skip
    return Webhook("x", 0, given)


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def prepared(found, asked, clock=None):
    return Calling(Shelf(), clock or Clock()).prepare(found, asked, Subject.of(asked), KIND.resource)


def test_a_call_has_the_webhooks_deadline_or_what_is_left_of_the_requests():
    clock, asked = Clock(), review(timeout=12.0)
    found = Calling(Shelf(), clock)
    subject = Subject.of(asked)

    first = found.prepare(webhook(timeoutSeconds=10), asked, subject, KIND.resource).call
    clock.now += 5.5
    second = found.prepare(webhook(timeoutSeconds=10), asked, subject, KIND.resource).call

    assert (first.seconds, first.query) == (10.0, "timeout=10s")
    assert (second.seconds, second.query) == (6.5, "timeout=7s")
    assert found.left(asked) == 6.5
    assert found.left(review()) == 34.0
    assert found.left(review(timeout=100.0)) == 34.0


def test_a_review_is_sent_to_the_webhooks_address():
    sent = prepared(webhook(), review())

    body = json.loads(sent.call.body)
    assert sent.call.destination.url() == "https://x.test/a"
    assert (body["request"]["uid"], body["request"]["object"]) == (sent.uid, {"metadata": {"name": "x"}})


@pytest.mark.parametrize("effects", ["Some", "Unknown", ""])
def test_a_dry_run_is_refused_where_the_webhook_may_have_side_effects(effects):
    with pytest.raises(BadRequest, match="does not support dry run"):
        prepared(webhook(sideEffects=effects), review(dry_run=True))
    assert prepared(webhook(sideEffects="NoneOnDryRun"), review(dry_run=True))


def test_one_that_takes_no_review_of_ours_or_has_no_address_has_failed():
    with pytest.raises(CallingFailed, match="does not accept known AdmissionReview versions"):
        prepared(webhook(admissionReviewVersions=["v9"]), review())
    with pytest.raises(CallingFailed, match="could not get REST client: "):
        prepared(webhook(clientConfig={"url": "https://x", "caBundle": "§"}), review())


def test_a_namespace_that_is_not_there_is_told():
    shelf = Shelf([(NAMESPACES, {"metadata": {"name": "default", "labels": {"a": "b"}}})])
    selects = webhook(rules=[], namespaceSelector={"matchLabels": {"a": "b"}})
    found = Calling(shelf)

    for namespace, wanted in (("default", True), ("other", None)):
        asked = review(namespace=namespace)
        if wanted is None:
            with pytest.raises(NotFound):
                found.is_wanted(selects, asked, Subject.of(asked), KIND.resource)
        else:
            assert found.is_wanted(selects, asked, Subject.of(asked), KIND.resource)


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (CallFailed('Post "https://x": EOF'), 'failed to call webhook: Post "https://x": EOF'),
        (Reply(503, b""), "failed to call webhook: the server is currently unable to handle the request"),
        (Reply(500, b"oh"), 'an error on the server ("oh") has prevented the request from succeeding'),
        (Reply(200, b"{"), "failed to call webhook: couldn't get version/kind; json parse error: "),
        (Reply(200, b"{}"), "received invalid webhook response: "),
    ],
)
def test_a_reply_of_no_use_is_a_failed_call(reply, why):
    with pytest.raises(CallingFailed) as failed:
        calling.judged(prepared(webhook(), review()), reply, mutating=False)

    assert str(failed.value).startswith('failed calling webhook "a.b.c": ')
    assert why in str(failed.value)


def test_warnings_and_annotations_are_taken_over_also_from_a_refusal():
    asked = review(warnings=["old"])
    response = Response(False, {"code": 403}, b"", "", ("old", "new"), {"k": "v"})

    with pytest.raises(StatusError) as refused:
        calling.told(asked, webhook(), response)

    assert refused.value.code == 403
    assert asked.warnings == ["old", "new"]
    assert asked.audit_annotations == {"a.b.c/k": "v"}


def test_an_object_is_shown_in_the_version_that_matched_but_that_of_a_subresource_as_it_is():
    class Upper:
        def resources(self, kind):
            return (kind.resource,)

        def shown(self, obj, resource):
            return {**obj, "shown": True}

    plain = review(versions=Upper())
    token = Subresource(name="token", kind="TokenRequest", group="a", serve=lambda call: None, admits=True)
    other = review(versions=Upper(), subresource="token", kind=dataclasses.replace(KIND, subresources=(token,)))

    assert calling.shown_in(plain, Subject.of(plain), KIND.resource, {"a": 1}) == {"a": 1, "shown": True}
    assert calling.shown_in(plain, Subject.of(plain), KIND.resource, None) is None
    assert calling.shown_in(other, Subject.of(other), KIND.resource, {"a": 1}) == {"a": 1}


def test_the_object_of_scale_is_a_scale():
    asked = review(kind=dataclasses.replace(KIND, scale=Scale()), subresource="scale")
    obj = {"metadata": {"name": "x"}, "spec": {"replicas": 3}}

    found = calling.shown_in(asked, Subject.of(asked), KIND.resource, obj)

    assert found == {
        "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": {"name": "x"}, "spec": {"replicas": 3},
        "status": {"replicas": 0},
    }  # fmt: skip
