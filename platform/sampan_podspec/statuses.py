"""Validation of a workload's status: counts of pods. Source: status validation of upstream's groups apps and core."""

from __future__ import annotations

from collections.abc import Sequence

from sampan.contracts.kinds import Object, Problem
from sampan_machinery.problems import invalid
from sampan_machinery.validation import validate_non_negative

_TOO_MANY = "cannot be greater than status.replicas"


def validate_counts(
    new: Object, old: Object | None, counts: Sequence[str], *, within: Sequence[str] = (), ready: str = "readyReplicas"
) -> list[Problem]:
    """What is wrong with a status that changes: ``counts`` are not negative, those in ``within`` are not greater than
    ``replicas``, no more pods are available than ready, and collisionCount does not decrease.

    ``ready`` is how upstream's message names the ready pods of this kind. A status that stays is not judged.
    """
    status = new.get("status") or {}
    before = (old or {}).get("status") or {}
    if old is None or status == before:
        return []
    found: list[Problem] = []
    for name in (*counts, "observedGeneration", "collisionCount"):
        found += validate_non_negative(f"status.{name}", status.get(name))
    for name in within:
        count = status.get(name) or 0
        if count > (status.get("replicas") or 0):
            found.append(invalid(f"status.{name}", count, _TOO_MANY))
    available = status.get("availableReplicas") or 0
    if within and available > (status.get("readyReplicas") or 0):
        found.append(invalid("status.availableReplicas", available, f"cannot be greater than {ready}"))
    collisions = status.get("collisionCount") or 0
    if collisions < (before.get("collisionCount") or 0):
        found.append(invalid("status.collisionCount", collisions, "cannot be decremented"))
    return found
