"""Renews the tokens that the host has of each member, when half their time has passed.

Only tokens that `join` has made: its Secret says when they end, and of which account they are.
"""

from __future__ import annotations

import base64
import logging
from typing import Any

from sampan.contracts.kinds import Object
from sampan.errors import StatusError
from sampan_federation.controllers import Context
from sampan_federation.members.joining import ACCOUNT, EXPIRES, TOKEN_SECONDS, request_token
from sampan_machinery.metadata import annotations_of, now_text, parse_time
from sampan_machinery.resources import SECRETS

log = logging.getLogger(__name__)

AGAIN = 3600.0  # seconds until a Secret is looked at again
SOON = 60.0  # and after a renewal has failed


class Tokens:
    """Looks at a Secret once an hour."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._next: dict[str, float] = {}

    def forget(self, name: str) -> None:
        self._next.pop(name, None)

    def renew(self, cluster: Object) -> None:
        """If it is time; a failure is logged and tried again, for the old token still works."""
        name, now = cluster["metadata"]["name"], self._context.clock()
        if now < self._next.get(name, 0.0):
            return
        self._next[name] = now + AGAIN
        try:
            for field in ("secretRef", "impersonatorSecretRef"):
                self._renew(name, (cluster.get("spec") or {}).get(field) or {}, now)
        except (StatusError, ConnectionError, KeyError, ValueError) as error:
            self._next[name] = now + SOON
            log.warning("the token of the cluster %s is not renewed: %s", name, error)

    def _renew(self, name: str, reference: dict[str, Any], now: float) -> None:
        if not reference.get("name"):
            return
        secret = self._context.host.get(SECRETS, reference["name"], reference.get("namespace", ""))
        marks = annotations_of(secret)
        if not marks.get(ACCOUNT) or not is_due(marks.get(EXPIRES, ""), now):
            return
        token, expires = request_token(self._context.members.client(name), marks[ACCOUNT])
        patch = {
            "metadata": {"annotations": {EXPIRES: expires or now_text(now + TOKEN_SECONDS)}},
            "data": {"token": base64.b64encode(token.encode()).decode()},
        }
        self._context.host.patch(SECRETS, reference["name"], patch, reference.get("namespace", ""))
        self._context.members.forget(name)
        log.info("the token of the cluster %s is renewed, and ends %s", name, expires)


def is_due(expires: str, now: float) -> bool:
    """Half of the time before its end has passed."""
    return bool(expires) and parse_time(expires) - now < TOKEN_SECONDS / 2
