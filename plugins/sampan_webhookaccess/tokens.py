"""Knows callers by tokens that a webhook knows (TokenReview). Satisfies contracts.access.Authenticator.

Source: Kubernetes docs, "Webhook Token Authentication"; apiserver's plugin/pkg/authenticator/token/webhook.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sampan.contracts.access import Credentials, User
from sampan.errors import Unauthorized
from sampan_webhookaccess.asking import Asking, Unanswered
from sampan_webhookaccess.remembering import Remembered

log = logging.getLogger(__name__)

GROUP, AUTHENTICATED = "authentication.k8s.io", "system:authenticated"
MOST = 8192  # tokens remembered
LONGEST = 16384  # bytes of a token that is asked about


class WebhookTokens:
    """Asked after sampan's own authenticators: a token that they know is never sent."""

    name = "webhook"
    waits = True

    def __init__(
        self, asking: Asking, audiences: Sequence[str], *, version: str = "v1", seconds: float = 120.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._asking, self._audiences, self._version = asking, tuple(audiences), version
        self._seconds = seconds
        self._known: Remembered[User | None] = Remembered(MOST, clock)
        self._secret = os.urandom(32)  # tokens are remembered by a keyed hash, never as they are

    def authenticate(self, credentials: Credentials) -> User | None:
        scheme, _, token = credentials.headers.get("authorization", "").partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token or len(token) > LONGEST:
            return None
        key = hmac.digest(self._secret, token.encode(), hashlib.sha256)
        try:
            user = self._known.get(key, lambda: (self._reviewed(token), self._seconds))
        except Unanswered as error:
            log.warning("webhookaccess: a token cannot be reviewed: %s", error)
            raise Unauthorized("Unauthorized") from error
        if user is None:
            raise Unauthorized("Unauthorized")
        return user

    def _reviewed(self, token: str) -> User | None:
        spec: dict[str, Any] = {"token": token}
        if self._audiences:
            spec["audiences"] = list(self._audiences)
        review = {"kind": "TokenReview", "apiVersion": f"{GROUP}/{self._version}", "spec": spec}
        status = self._asking.status(review)
        if status.get("authenticated") is not True:
            return None
        meant = _texts(status.get("audiences"))
        if meant and self._audiences and not set(meant) & set(self._audiences):
            return None
        return _user(status.get("user"))


def _user(found: Any) -> User:
    """Raises Unanswered for what is no UserInfo with a name."""
    name = found.get("username") if isinstance(found, Mapping) else None
    if not isinstance(name, str) or not name:
        raise Unanswered("the webhook authenticates a user without a name")
    groups = [*_texts(found.get("groups")), AUTHENTICATED]
    extra = found.get("extra") or {}
    if not isinstance(extra, Mapping):
        raise Unanswered("the webhook's extra is no mapping")
    told = {str(key): _texts(values) for key, values in extra.items()}
    return User(name, tuple(dict.fromkeys(groups)), str(found.get("uid") or ""), told)


def _texts(found: Any) -> tuple[str, ...]:
    if found is None:
        return ()
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise Unanswered("the webhook's answer has something else than a list of texts")
    return tuple(found)
