"""The step of the request chain: what authenticated callers ask for, and whom authenticate refuses."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from sampan.contracts.chain import ChainRequest, OutcomeCallback, RequestOutcome
from sampan_audit import events
from sampan_audit.log import Entry
from sampan_audit.matching import Matcher, Verdict
from sampan_audit.policy import COMPLETE, METADATA, RECEIVED, REQUEST, STARTED

Add = Callable[[Entry], None]
AUDIT_ID = "audit-id"
_LONGEST_ID = 64


class Audit:
    """Logs what authenticated callers ask for."""

    name = "audit"
    after = "authenticate"

    def __init__(self, matcher: Matcher, add: Add, clock: Callable[[], float] = time.time) -> None:
        self._matcher, self._add, self._clock = matcher, add, clock

    def enter(self, request: ChainRequest) -> OutcomeCallback | None:
        verdict = self._matcher.verdict(request)
        if verdict is None:
            return None
        level = verdict.level
        if level > METADATA:
            if request.sensitive or request.subresource == "token":
                level = METADATA  # whatever the policy says: a log of secrets is a second place to guard
            else:
                request.keep_body()
        audit_id = _audit_id(request)
        request.add_header("audit-id", audit_id)
        return _Followed(self, request, verdict, level, audit_id)

    def refused(self, request: ChainRequest, outcome: RequestOutcome) -> None:
        """Authenticate does not know the caller: logged by the rules that name no user."""
        verdict = self._matcher.verdict(request)
        if outcome.status != 401 or verdict is None or STARTED in verdict.omit_stages:
            return
        now = self._clock()
        event = events.begun(request, verdict.level, _audit_id(request), now - outcome.seconds)
        event["user"] = {}
        event = events.at_stage(event, STARTED, now)
        events.ended(event, outcome.status, {})
        event["responseStatus"]["message"] = attempted(request)
        self._add(Entry(event, METADATA))

    def add(self, entry: Entry) -> None:
        self._add(entry)

    def now(self) -> float:
        return self._clock()


class _Followed:
    """A request that is logged, until its end."""

    __slots__ = ("_audit", "_event", "_level", "_request", "_verdict")

    def __init__(self, audit: Audit, request: ChainRequest, verdict: Verdict, level: int, audit_id: str) -> None:
        self._audit, self._request, self._verdict, self._level = audit, request, verdict, level
        now = audit.now()
        self._event = events.begun(request, level, audit_id, now)
        if RECEIVED not in verdict.omit_stages:
            audit.add(Entry(events.at_stage(self._event, RECEIVED, now), METADATA))

    def started(self, status: int) -> None:
        """A stream begins."""
        if STARTED in self._verdict.omit_stages:
            return
        event = events.at_stage(self._event, STARTED, self._audit.now())
        events.impersonated(event, self._request)
        events.ended(event, status, {})
        self._audit.add(Entry(event, METADATA))

    def __call__(self, outcome: RequestOutcome) -> None:
        if COMPLETE in self._verdict.omit_stages:
            return
        event = events.at_stage(self._event, COMPLETE, self._audit.now())
        events.impersonated(event, self._request)
        events.ended(event, outcome.status, outcome.annotations)
        sent, media = b"", ""
        if self._level >= REQUEST:
            sent = self._request.body
            media = (self._request.headers.get("content-type") or "application/json").partition(";")[0].strip().lower()
        self._audit.add(Entry(event, self._level, sent, media, outcome.body, not self._verdict.omit_managed_fields))


def attempted(request: ChainRequest) -> str:
    """Which ways the caller tried, in upstream's words."""
    scheme = (request.headers.get("authorization") or "").partition(" ")[0].lower()
    return (
        f"Authentication failed, attempted: {scheme}" if scheme in ("bearer", "basic")
        else "Authentication failed, no credentials provided"
    )  # fmt: skip


def _audit_id(request: ChainRequest) -> str:
    """The client's own, so that it can be followed through several servers, or a new one."""
    sent = request.headers.get(AUDIT_ID)
    if sent and len(sent) <= _LONGEST_ID and sent.isascii() and sent.isprintable():
        return sent
    text = os.urandom(16).hex()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"
