"""Deletes old requests: an hour after a decision was carried out, a day where it was not. Pure.

Source: upstream's csrcleaner controller.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator

from sampan.contracts.kinds import Object
from sampan.contracts.reconciling import Action, Key, Observed, Remove, Requeue
from sampan.errors import BadRequest
from sampan_certificates.conditions import APPROVED, DENIED, FAILED, certificate_of, conditions_of, of_type
from sampan_machinery.metadata import parse_time
from sampan_machinery.resources import CERTIFICATE_SIGNING_REQUESTS as REQUESTS

HOUR = 3600.0
DONE, PENDING = HOUR, 24 * HOUR

#: Certificate in PEM → when it ends, None for what cannot be read.
End = Callable[[bytes], float | None]


class Cleaner:
    """``decide`` is a Reconciler's."""

    def __init__(self, end_of: End) -> None:
        self._end_of = end_of

    def decide(self, key: Key, observed: Observed) -> list[Action]:
        request = observed.get(REQUESTS, key.name)
        if request is None:
            return []
        due = min(deadlines(request, self._end_of), default=None)
        if due is None:
            return []
        if due > observed.now:
            return [Requeue(due - observed.now + 1)]
        return [Remove(REQUESTS, key.name, uid=request["metadata"]["uid"])]


def deadlines(request: Object, end_of: End) -> Iterator[float]:
    """When the request may go, for each reason that there is."""
    issued = certificate_of(request)
    if not conditions_of(request):
        yield from _after([request["metadata"].get("creationTimestamp")], PENDING)
    yield from _after([each.get("lastUpdateTime") for each in of_type(request, DENIED)], DONE)
    yield from _after([each.get("lastUpdateTime") for each in of_type(request, FAILED)], DONE)
    approved = of_type(request, APPROVED)
    yield from _after([each.get("lastUpdateTime") for each in approved], DONE if issued else PENDING)
    if approved and issued:
        ends = end_of(base64.b64decode(issued))
        if ends is not None:
            yield ends


def _after(times: list[str | None], seconds: float) -> Iterator[float]:
    for text in times:
        try:
            yield parse_time(text or "") + seconds
        except BadRequest:
            continue
