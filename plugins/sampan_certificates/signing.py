"""What is done about an approved request for one of the signers of kubernetes.io. Pure but for ``Issue``, which is
passed in.

Source: upstream's csrsigning controllers.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection

from sampan.contracts.kinds import Object
from sampan.contracts.reconciling import Action, GiveUp, Key, Observed, Update
from sampan_certificates.conditions import FAILED, certificate_of, conditions_of, has_failed, is_approved
from sampan_certificates.signers import PROBLEMS, Requested
from sampan_machinery.metadata import now_text
from sampan_machinery.resources import CERTIFICATE_SIGNING_REQUESTS as REQUESTS

BACKDATE = 300.0  # seconds: clocks of a cluster differ a little
SHORT = 8 * 3600.0  # what is valid for less than this is not shortened by the backdating
SHORTEST = 600.0

#: (request in PEM, usages, begins, ends) → certificate in PEM; raises ValueError where it cannot be signed.
Issue = Callable[[bytes, Collection[str], float, float], bytes]
#: Request in PEM → what it asks for; raises ValueError.
Read = Callable[[bytes], Requested]


class Signer:
    """``decide`` is a Reconciler's. ``longest``: seconds that a certificate is valid where less is not asked for."""

    def __init__(self, read: Read, issue: Issue, longest: float) -> None:
        self._read, self._issue, self._longest = read, issue, longest

    def decide(self, key: Key, observed: Observed) -> list[Action]:
        request = observed.get(REQUESTS, key.name)
        if request is None or certificate_of(request) or not is_approved(request) or has_failed(request):
            return []
        spec = request.get("spec") or {}
        problem_of = PROBLEMS.get(spec.get("signerName") or "")
        if problem_of is None:
            return []  # another signer's
        pem, usages = base64.b64decode(spec.get("request") or ""), spec.get("usages") or []
        try:
            problem = problem_of(self._read(pem), usages)
            if problem:
                return [Update(REQUESTS, failed(request, problem, observed.now), "status")]
            begins, ends = validity(spec.get("expirationSeconds"), self._longest, observed.now)
            certificate = self._issue(pem, usages, begins, ends)
        except ValueError as error:
            raise GiveUp(f"certificatesigningrequests/{key.name} cannot be signed: {error}") from error
        status = {**(request.get("status") or {}), "certificate": base64.b64encode(certificate).decode()}
        return [Update(REQUESTS, {**request, "status": status}, "status")]


def validity(asked: int | None, longest: float, now: float) -> tuple[float, float]:
    """From when until when a certificate is valid."""
    seconds = longest if asked is None else min(max(float(asked), SHORTEST), longest)
    begins = now - BACKDATE
    return begins, now + seconds if seconds < SHORT else begins + seconds


def failed(request: Object, problem: str, now: float) -> Object:
    condition = {
        "type": FAILED, "status": "True", "reason": "SignerValidationFailure", "message": problem,
        "lastUpdateTime": now_text(now),
    }  # fmt: skip
    status = {**(request.get("status") or {}), "conditions": [*conditions_of(request), condition]}
    return {**request, "status": status}
