"""Validation of meta/v1 Conditions. Source: apimachinery apis/meta/v1/validation (meaning, order, words)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sampan.contracts.kinds import Problem
from sampan_machinery import names
from sampan_machinery.problems import duplicate, invalid, required, too_long, unsupported
from sampan_machinery.validation import by_rule

STATUSES = ("False", "True", "Unknown")
LONGEST_REASON = 1024
LONGEST_MESSAGE = 32 * 1024


def validate_conditions(path: str, conditions: Iterable[Mapping[str, Any]]) -> Iterator[Problem]:
    """Each type once, each condition whole."""
    seen = set()
    for index, condition in enumerate(conditions):
        kind = condition.get("type") or ""
        if kind in seen:
            yield duplicate(f"{path}[{index}].type", kind)
        seen.add(kind)
        yield from _condition(f"{path}[{index}]", condition)


def _condition(path: str, condition: Mapping[str, Any]) -> Iterator[Problem]:
    yield from by_rule(f"{path}.type", condition.get("type") or "", names.label_key)
    if (status := condition.get("status") or "") not in STATUSES:
        yield unsupported(f"{path}.status", status, STATUSES)
    if (generation := condition.get("observedGeneration") or 0) < 0:
        yield invalid(f"{path}.observedGeneration", generation, "must be greater than or equal to zero")
    if not condition.get("lastTransitionTime"):
        yield required(f"{path}.lastTransitionTime")
    reason = condition.get("reason") or ""
    if not reason:
        yield required(f"{path}.reason")
    else:
        yield from by_rule(f"{path}.reason", reason, names.condition_reason)
        if len(reason.encode()) > LONGEST_REASON:
            yield too_long(f"{path}.reason", LONGEST_REASON)
    if len((condition.get("message") or "").encode()) > LONGEST_MESSAGE:
        yield too_long(f"{path}.message", LONGEST_MESSAGE)
