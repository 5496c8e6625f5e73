"""Mutating webhooks: called one after another, each with what the former one made of the object.

Source: apiserver's plugin/webhook/mutating/dispatcher.go and reinvocationcontext.go.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import msgspec

from sampan.contracts.admission import Review
from sampan.contracts.kinds import Object, Resource
from sampan.errors import InternalError, StatusError
from sampan_admission.subjects import SCALE, Subject
from sampan_machinery import scaling
from sampan_machinery.metadata import copy
from sampan_machinery.patches import json_patch
from sampan_machinery.resources import MUTATING_WEBHOOK_CONFIGURATIONS
from sampan_webhooks import calling, reviews
from sampan_webhooks.admitter import ConfiguredAdmitter
from sampan_webhooks.calling import shown_in
from sampan_webhooks.configurations import Matched
from sampan_webhooks.figures import ADMIT
from sampan_webhooks.refusals import CallingFailed
from sampan_webhooks.webhooks import Webhook

MUTATION = "mutation.webhook.admission.k8s.io/"


@dataclass
class Rounds:
    """Which webhooks are called again in the second round of a request: those that allow it and after which the object
    was changed."""

    called: set[str] = field(default_factory=set)  # that may be called again
    again: set[str] = field(default_factory=set)
    output: Object | None = None  # the object after the last webhook

    def changed(self) -> None:
        self.again |= self.called
        self.called = set()


class MutatingWebhooks(ConfiguredAdmitter):
    """The admitter. Satisfies contracts.admission.Admitter."""

    name = "MutatingAdmissionWebhook"
    mutates = True
    priority = 850  # after sampan's own, which complete objects; before Services get their addresses
    reinvokes = True
    second_round = True
    watches = (MUTATING_WEBHOOK_CONFIGURATIONS,)

    def admit(self, review: Review) -> None:
        subject = Subject.of(review)
        found = self.configurations.now().matching(subject)
        if not found:
            return
        if not review.reinvoked:
            review.state[self.name] = Rounds()
        rounds: Rounds = review.state.setdefault(self.name, Rounds())
        if review.reinvoked and rounds.output != review.object:
            rounds.changed()
        for matched in found:
            if self.calling.is_wanted(matched.webhook, review, subject, matched.resource):
                self._round(review, subject, matched, rounds)
        rounds.output = copy(review.object)

    def _round(self, review: Review, subject: Subject, matched: Matched, rounds: Rounds) -> None:
        webhook = matched.webhook
        if review.reinvoked and webhook.uid not in rounds.again:
            return  # in the second round none is called for the first time
        place = f"round_{int(review.reinvoked)}_index_{matched.place}"
        changed, began = False, time.monotonic()
        failure: Exception | None = None
        try:
            changed = self._called(review, subject, matched)
        except CallingFailed as error:
            failure = error
            self.failed(review, webhook, error, f"failed-open.{MUTATION}{place}")
        except StatusError as error:
            failure = error
            raise
        finally:
            ignored = isinstance(failure, CallingFailed) and webhook.ignores_failures
            seconds = time.monotonic() - began
            self.figures.observe(webhook.name, ADMIT, review.operation, seconds, failure, ignored=ignored)
            review.audit_annotations[MUTATION + place] = _annotation(webhook, changed=changed)
        if changed:
            rounds.changed()
        if webhook.reinvoked_if_needed:
            rounds.called.add(webhook.uid)

    def _called(self, review: Review, subject: Subject, matched: Matched) -> bool:
        """Whether it has changed the object."""
        sent = self.calling.prepare(matched.webhook, review, subject, matched.resource)
        response = calling.judged(sent, self.client.call_all([sent.call])[0], mutating=True)
        calling.told(review, matched.webhook, response)
        patch = _patch(matched.webhook, response)
        return bool(patch) and _patched(review, subject, matched, patch)


def _patch(webhook: Webhook, response: reviews.Response) -> list[object]:
    if not response.patch:
        return []
    try:
        patch = msgspec.json.decode(response.patch, type=list)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise CallingFailed(webhook.name, f"received undecodable patch in webhook response: {error}") from None
    if patch and response.patch_type != reviews.JSON_PATCH:
        raise CallingFailed(webhook.name, f'unsupported patch type "{response.patch_type}"')
    return patch


def _patched(review: Review, subject: Subject, matched: Matched, patch: list[object]) -> bool:
    """Change the object under review; whether it is another one then. Raises InternalError."""
    if review.object is None or review.operation == "CONNECT":  # the connection is made by the URL, not by its options
        words = "attempted to modify the object, which is not supported for this operation"
        raise _internal(f'admission webhook "{matched.webhook.name}" {words}')
    try:
        patched = json_patch.apply(shown_in(review, subject, matched.resource, review.object), patch)
        fresh = _kept(review, subject, matched.resource, patched)
    except InternalError:
        raise
    except StatusError as error:
        raise _internal(error.message) from error
    if fresh == review.object:
        return False
    review.object.clear()
    review.object.update(fresh)
    return True


def _kept(review: Review, subject: Subject, matched: Resource, patched: object) -> Object:
    if not isinstance(patched, dict) or not isinstance(patched.get("metadata", {}), dict):
        raise _internal("the patched object is no object")
    if subject.kind == SCALE and review.object is not None:
        return scaling.written(review.kind, copy(review.object), patched)
    if review.versions is None or (subject.kind.kind, subject.kind.group) != (subject.resource.kind, matched.group):
        return patched
    sent = (patched.get("apiVersion"), patched.get("kind"))
    if sent != (matched.api_version, matched.kind):
        raise _internal(f"the patched object is of another kind: {sent[0]}, Kind={sent[1]}")
    return review.versions.kept(patched, matched, review.kind)


def _internal(why: str) -> InternalError:
    return InternalError(f"Internal error occurred: {why}")


def _annotation(webhook: Webhook, *, changed: bool) -> str:
    told = {"configuration": webhook.configuration, "webhook": webhook.name, "mutated": changed}
    return msgspec.json.encode(told).decode()
