"""The condition Available of an APIService: its reasons and messages are upstream's, because users search for them.
Pure.

Source: kube-aggregator's local and remote available controllers (reasons and messages).
"""

from __future__ import annotations

from typing import NamedTuple

from sampan.contracts.kinds import Object
from sampan_machinery.metadata import now_text

AVAILABLE = "Available"


class Availability(NamedTuple):
    """Whether a server answers for a group version, and why (not)."""

    available: bool
    reason: str
    message: str


PASSED = Availability(True, "Passed", "all checks passed")
LOCAL = Availability(True, "Local", "Local APIServices are always available")


def found(api_service: Object) -> Object | None:
    """The present condition, None before the first check."""
    for condition in (api_service.get("status") or {}).get("conditions") or ():
        if condition.get("type") == AVAILABLE:
            return dict(condition)
    return None


def with_verdict(api_service: Object, verdict: Availability, now: float) -> Object | None:
    """The object with that condition, changed in place; None where it says so already. Others' conditions stay."""
    status = "True" if verdict.available else "False"
    old = found(api_service)
    if old and (old.get("status"), old.get("reason"), old.get("message")) == (status, *verdict[1:]):
        return None
    since = old.get("lastTransitionTime") if old and old.get("status") == status else None
    fresh = {
        "type": AVAILABLE, "status": status, "lastTransitionTime": since or now_text(now), "reason": verdict.reason,
        "message": verdict.message,
    }  # fmt: skip
    said = api_service.setdefault("status", {}).setdefault("conditions", [])
    for place, condition in enumerate(said):
        if condition.get("type") == AVAILABLE:
            said[place] = fresh
            return api_service
    said.append(fresh)
    return api_service
