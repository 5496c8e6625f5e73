"""The step of the request chain: what authenticated callers ask for, and whom authenticate refuses."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from sampan.contracts.chain import ChainRequest, OutcomeCallback, RequestOutcome
from sampan.errors import InternalError
from sampan_audit import events
from sampan_audit.log import Entry
from sampan_audit.matching import Matcher, Verdict
from sampan_audit.policy import COMPLETE, METADATA, RECEIVED, REQUEST, STARTED

#: Takes an entry; False where a backend that is written to at once has failed.
Add = Callable[[Entry], bool]
AUDIT_ID = "audit-id"
_LONGEST_ID = 64
_IDS = 128  # ids that are made together: asking the kernel for each costs more than all the rest of a request's entry


class Audit:
    """Logs what authenticated callers ask for. ``strict``: a request whose arrival cannot be logged is refused."""

    name = "audit"
    after = "authenticate"

    def __init__(
        self, matcher: Matcher, add: Add, clock: Callable[[], float] = time.time, *, strict: bool = False
    ) -> None:
        self._matcher, self._clock, self._strict = matcher, clock, strict
        self.add, self._ids = add, _Ids()

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
        audit_id = self._id(request)
        request.add_header("audit-id", audit_id)
        now = self._clock()
        facts = events.facts_of(request, level, audit_id, now)
        if RECEIVED not in verdict.omit_stages and not self.add(Entry(facts, RECEIVED, now)) and self._strict:
            raise InternalError("the request cannot be written to the audit log")
        return _Followed(self, request, verdict, facts)

    def refused(self, request: ChainRequest, outcome: RequestOutcome) -> None:
        """Authenticate does not know the caller: logged by the rules that name no user."""
        verdict = self._matcher.verdict(request)
        if outcome.status != 401 or verdict is None or STARTED in verdict.omit_stages:
            return
        now = self._clock()
        facts = events.facts_of(request, verdict.level, self._id(request), now - outcome.seconds)
        facts = facts._replace(caller=None)
        self.add(Entry(facts, STARTED, now, outcome.status, message=attempted(request)))

    def now(self) -> float:
        return self._clock()

    def _id(self, request: ChainRequest) -> str:
        """The client's own, so that it can be followed through several servers, or a new one."""
        sent = request.headers.get(AUDIT_ID)
        if sent and len(sent) <= _LONGEST_ID and sent.isascii() and sent.isprintable():
            return sent
        return self._ids.take()


class _Followed:
    """A request that is logged, until its end."""

    __slots__ = ("_audit", "_facts", "_request", "_verdict")

    def __init__(self, audit: Audit, request: ChainRequest, verdict: Verdict, facts: events.Facts) -> None:
        self._audit, self._request, self._verdict, self._facts = audit, request, verdict, facts

    def started(self, status: int) -> None:
        """A stream begins."""
        if STARTED in self._verdict.omit_stages:
            return
        request = self._request
        acting = request.user if request.caller is not request.user else None
        self._audit.add(Entry(self._facts, STARTED, self._audit.now(), status, acting))

    def __call__(self, outcome: RequestOutcome) -> None:
        verdict, request, facts = self._verdict, self._request, self._facts
        if COMPLETE in verdict.omit_stages:
            return
        acting = request.user if request.caller is not request.user else None
        sent, media = b"", ""
        if facts.level >= REQUEST:
            sent = request.body
            media = (request.headers.get("content-type") or "application/json").partition(";")[0].strip().lower()
        self._audit.add(
            Entry(
                facts, COMPLETE, self._audit.now(), outcome.status, acting, outcome.annotations, facts.level, sent,
                media, outcome.body, not verdict.omit_managed_fields,
            )
        )  # fmt: skip


class _Ids:
    """Random UUIDs (version 4), for any thread."""

    def __init__(self) -> None:
        self._left: list[str] = []

    def take(self) -> str:
        while True:
            try:
                return self._left.pop()  # atomic in CPython: no two requests get the same
            except IndexError:
                self._left.extend(_uuids(os.urandom(16 * _IDS).hex()))


def _uuids(digits: str) -> list[str]:
    return [
        f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"
        for text in (digits[at : at + 32] for at in range(0, len(digits), 32))
    ]


def attempted(request: ChainRequest) -> str:
    """Which ways the caller tried, in upstream's words."""
    scheme = (request.headers.get("authorization") or "").partition(" ")[0].lower()
    return (
        f"Authentication failed, attempted: {scheme}" if scheme in ("bearer", "basic")
        else "Authentication failed, no credentials provided"
    )  # fmt: skip
