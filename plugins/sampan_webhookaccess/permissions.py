"""Asks a webhook what callers may do (SubjectAccessReview). Satisfies contracts.access.Authorizer.

Source: Kubernetes docs, "Webhook Mode"; apiserver's plugin/pkg/authorizer/webhook.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from typing import Any

from sampan.contracts.access import Attributes, Decision
from sampan.errors import BadRequest
from sampan_machinery.selectors import parse_fields
from sampan_machinery.users import user_info
from sampan_webhookaccess.asking import Asking, Unanswered
from sampan_webhookaccess.remembering import Remembered

log = logging.getLogger(__name__)

GROUP = "authorization.k8s.io"
MOST = 1024  # decisions remembered
LONGEST = 10_000  # characters of what a caller can choose; longer questions are not remembered, as upstream

Verdict = tuple[Decision, str]


class WebhookPermissions:
    """Asked after sampan's own authorizers, so only about what these do not decide."""

    name = "webhook"
    waits = True

    def __init__(
        self, asking: Asking, *, version: str = "v1", allowed_seconds: float = 300.0, refused_seconds: float = 30.0,
        on_failure: Decision = Decision.NO_OPINION, clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._asking, self._version = asking, version
        self._allowed_seconds, self._refused_seconds = allowed_seconds, refused_seconds
        self._on_failure = on_failure
        self._known: Remembered[Verdict] = Remembered(MOST, clock)

    def authorize(self, asked: Attributes) -> Verdict:
        spec = spec_of(asked)
        key = json.dumps(spec, sort_keys=True)
        try:
            return self._known.get(key, lambda: self._asked(spec, keep=len(key) <= LONGEST))
        except Unanswered as error:
            log.warning("webhookaccess: %s cannot be authorized: %s", asked.user.name, error)
            return self._on_failure, "the authorization webhook gave no usable answer"

    def _asked(self, spec: dict[str, Any], *, keep: bool) -> tuple[Verdict, float]:
        review = {"kind": "SubjectAccessReview", "apiVersion": f"{GROUP}/{self._version}", "spec": spec}
        if self._version != "v1" and "groups" in spec:
            review["spec"] = {**{key: value for key, value in spec.items() if key != "groups"}, "group": spec["groups"]}
        status = self._asking.status(review)
        allowed, denied = status.get("allowed") is True, status.get("denied") is True
        reason = status.get("reason") if isinstance(status.get("reason"), str) else ""
        if allowed and denied:
            raise Unanswered("the webhook has both allowed and denied")
        decision = Decision.ALLOW if allowed else Decision.DENY if denied else Decision.NO_OPINION
        seconds = self._allowed_seconds if allowed else self._refused_seconds
        return (decision, reason or ""), seconds if keep else 0.0


def spec_of(asked: Attributes) -> dict[str, Any]:
    """The question as authorization.k8s.io/v1 SubjectAccessReviewSpec."""
    user = user_info(asked.user)
    spec = {"user": user.pop("username"), **user}
    if asked.path:
        spec["nonResourceAttributes"] = {"path": asked.path, "verb": asked.verb}
        return spec
    given = {
        "namespace": asked.namespace, "verb": asked.verb, "group": asked.group, "version": asked.version,
        "resource": asked.resource, "subresource": asked.subresource, "name": asked.name,
        "fieldSelector": _fields(asked.fields),
    }  # fmt: skip
    spec["resourceAttributes"] = {key: value for key, value in given.items() if value}
    return spec


def _fields(text: str) -> dict[str, Any]:
    """The field selector as upstream tells it; one that cannot be read is left out and narrows nothing."""
    if not text:
        return {}
    try:
        found = parse_fields(text).requirements
    except BadRequest:
        return {}
    operators = {"=": "In", "==": "In", "!=": "NotIn"}
    return {
        "requirements": [
            {"key": each.key, "operator": operators.get(each.operator, "In"), "values": list(each.values)}
            for each in found
        ]
    }
