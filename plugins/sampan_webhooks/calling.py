"""Calls webhooks about one request: which of them are concerned, what is sent, what a reply means."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from sampan.contracts.admission import Review
from sampan.contracts.kinds import Object, Resource
from sampan.contracts.serving import Cluster
from sampan.errors import NotFound
from sampan_admission.subjects import SCALE, Subject
from sampan_machinery import scaling
from sampan_machinery.metadata import copy
from sampan_machinery.resources import NAMESPACES
from sampan_webhookclient.calls import Call, timeout_query
from sampan_webhookclient.failures import CallFailed
from sampan_webhookclient.responses import Reply
from sampan_webhooks import refusals, reviews
from sampan_webhooks.refusals import CallingFailed
from sampan_webhooks.webhooks import Webhook

#: The longest that the webhooks of one request may take; upstream's bound of a write.
LONGEST = 34.0
_DEADLINE = "webhooks.deadline"
_NO_EFFECT = ("None", "NoneOnDryRun")
_STATUS_WORDS = {
    400: "the server rejected our request for an unknown reason",
    401: "the server has asked for the client to provide credentials",
    403: "forbidden",
    404: "the server could not find the requested resource",
    405: "the server does not allow this method on the requested resource",
    429: "the server has received too many requests and has asked us to try again later",
    503: "the server is currently unable to handle the request",
    504: "the server was unable to return a response in the time allotted, but may still be processing the request",
}


class Sent(NamedTuple):
    """One call, and what is needed to judge its reply."""

    webhook: Webhook
    uid: str
    call: Call


class Calling:
    """Of one server."""

    def __init__(self, cluster: Cluster, clock: Callable[[], float] = time.monotonic) -> None:
        self._cluster, self._clock = cluster, clock

    def left(self, review: Review) -> float:
        """Seconds that remain for the webhooks of the request. They count from the first question."""
        now = self._clock()
        until: float = review.state.setdefault(_DEADLINE, now + min(LONGEST, review.timeout or LONGEST))
        return until - now

    def is_wanted(self, webhook: Webhook, review: Review, subject: Subject, matched: Resource) -> bool:
        """Whether selectors and match conditions take the request. Raises NotFound for a namespace that is not there,
        and Forbidden where conditions cannot be evaluated and failures count."""
        if not webhook.criteria.selects(subject, review.object, review.old, self._namespace_labels):
            return False
        return not webhook.has_conditions or self._is_met(webhook, review, subject, matched)

    def prepare(self, webhook: Webhook, review: Review, subject: Subject, matched: Resource) -> Sent:
        """Raises BadRequest for a dry run that the webhook does not support, and CallingFailed."""
        if review.dry_run and webhook.side_effects not in _NO_EFFECT:
            raise refusals.no_dry_run(webhook.name)
        if not webhook.review_version:
            why = "webhook does not accept known AdmissionReview versions (v1, v1beta1)"
            raise CallingFailed(webhook.name, f"could not create admission objects: {why}")
        try:
            destination = webhook.destination(self._cluster)
        except CallFailed as error:
            raise CallingFailed(webhook.name, f"could not get REST client: {error}") from error
        uid = str(uuid.uuid4())
        shown, old = (shown_in(review, subject, matched, obj) for obj in (review.object, review.old))
        sent = reviews.review(webhook.review_version, uid, subject, matched, shown, old)
        seconds = max(0.0, min(webhook.seconds, self.left(review)))
        return Sent(webhook, uid, Call(destination, msgspec.json.encode(sent), seconds, timeout_query(seconds)))

    def _is_met(self, webhook: Webhook, review: Review, subject: Subject, matched: Resource) -> bool:
        from sampan_admission import conditions  # with CEL: only where a webhook has conditions

        shown, old = (shown_in(review, subject, matched, obj) for obj in (review.object, review.old))
        values = conditions.variables(subject, matched, shown, old, self._cluster.decide)
        verdict = conditions.evaluate(webhook.conditions(), values)
        if verdict.error and not webhook.ignores_failures:
            raise review.forbidden(verdict.error)
        return verdict.matches

    def _namespace_labels(self, name: str) -> Mapping[str, str]:
        found = self._cluster.get(NAMESPACES, name)
        if found is None:
            raise NotFound(f'namespaces "{name}" not found', kind="namespaces", name=name)
        labels: Mapping[str, str] = found["metadata"].get("labels") or {}
        return labels


def shown_in(review: Review, subject: Subject, matched: Resource, obj: Object | None) -> Object | None:
    """The object as the webhook gets it: in the version that matched, of the subresource scale as a Scale. That of
    another subresource with a kind of its own has one version."""
    if obj is not None and subject.kind == SCALE:
        return scaling.shown(review.kind, obj)
    if obj is None or review.versions is None:
        return obj
    if (subject.kind.kind, subject.kind.group) != (subject.resource.kind, subject.resource.group):
        return obj
    return review.versions.shown(copy(obj), matched)


def judged(sent: Sent, reply: Reply | CallFailed, *, mutating: bool) -> reviews.Response:
    """The response of an answered call. Raises CallingFailed."""
    name = sent.webhook.name
    if isinstance(reply, CallFailed):
        raise CallingFailed(name, f"failed to call webhook: {reply}")
    if not 200 <= reply.status < 300:
        raise CallingFailed(name, f"failed to call webhook: {_status_words(reply)}")
    try:
        found: Any = msgspec.json.decode(reply.body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        why = f"couldn't get version/kind; json parse error: {error}"
        raise CallingFailed(name, f"failed to call webhook: {why}") from None
    try:
        return reviews.checked(sent.webhook.review_version, sent.uid, found, mutating=mutating)
    except reviews.Unusable as error:
        raise CallingFailed(name, f"received invalid webhook response: {error}") from None


def told(review: Review, webhook: Webhook, response: reviews.Response) -> None:
    """Take over warnings and audit annotations. Raises Denied."""
    for key, value in response.annotations.items():
        review.audit_annotations[f"{webhook.name}/{key}"] = value
    review.warnings += [each for each in response.warnings if each not in review.warnings]
    if not response.allowed:
        raise refusals.denied(webhook.name, response.status)


def _status_words(reply: Reply) -> str:
    """As client-go words the status of an answer."""
    words = _STATUS_WORDS.get(reply.status)
    if words is None:
        body = reply.body[:200].decode(errors="replace").strip() or "unknown"
        words = f'an error on the server ("{body}") has prevented the request from succeeding'
    return words
