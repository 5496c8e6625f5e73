"""How fast a workload may grow and shrink: ``spec.behavior``, and what holds without it. Pure.

Source: "Horizontal Pod Autoscaling", configurable scaling behavior.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

DOWN_WINDOW = 300  # seconds
#: Without ``behavior``: growing at once to twice as many or by four; shrinking to the minimum.
UP_POLICIES = (
    {"type": "Pods", "value": 4, "periodSeconds": 15},
    {"type": "Percent", "value": 100, "periodSeconds": 15},
)
DOWN_POLICIES = ({"type": "Percent", "value": 100, "periodSeconds": 15},)
LONGEST = 3600.0  # seconds: of windows and of periods


class Moment(NamedTuple):
    at: float
    number: int


@dataclass
class Memory:
    """What was wanted and done lately."""

    recommended: list[Moment] = field(default_factory=list)
    changes: list[Moment] = field(default_factory=list)  # replicas more (positive) or fewer

    def forget(self, now: float) -> None:
        for moments in (self.recommended, self.changes):
            moments[:] = [each for each in moments if now - each.at <= LONGEST]


def limited(wanted: int, current: int, spec: Mapping[str, Any], memory: Memory, now: float) -> tuple[int, str]:
    """(replicas, why they are others than those wanted, "" where they are not)."""
    memory.forget(now)
    if not memory.recommended:  # after a start nothing shrinks at once
        memory.recommended.append(Moment(now, current))
    memory.recommended.append(Moment(now, wanted))
    behavior = spec.get("behavior") or {}
    up, down = behavior.get("scaleUp") or {}, behavior.get("scaleDown") or {}
    stable = _stabilized(wanted, current, up, down, memory, now)
    words = "recent recommendations were others" if stable != wanted else ""
    allowed = stable
    if stable > current:
        allowed = min(stable, _most(current, up.get("policies") or UP_POLICIES, up.get("selectPolicy"), memory, now))
    elif stable < current:
        allowed = max(
            stable, _least(current, down.get("policies") or DOWN_POLICIES, down.get("selectPolicy"), memory, now)
        )
    words = words if allowed == stable else "the scaling policies allow no more at a time"
    low = 1 if spec.get("minReplicas") is None else int(spec["minReplicas"])
    high = int(spec["maxReplicas"])
    bounded = min(max(allowed, low), high)
    if bounded != allowed:
        words = f"{'minReplicas' if bounded > allowed else 'maxReplicas'} is {bounded}"
    return bounded, words


def _stabilized(
    wanted: int, current: int, up: Mapping[str, Any], down: Mapping[str, Any], memory: Memory, now: float
) -> int:  # fmt: skip
    """Not more than was wanted at the least lately, and not less than was wanted at the most."""

    def numbers(window: float) -> list[int]:
        return [wanted, *(each.number for each in memory.recommended if now - each.at < window)]

    given = down.get("stabilizationWindowSeconds")
    lowest = min(numbers(float(up.get("stabilizationWindowSeconds") or 0)))
    highest = max(numbers(float(DOWN_WINDOW if given is None else given)))
    return min(max(current, lowest), highest)


def _most(current: int, policies: Sequence[Mapping[str, Any]], select: str | None, memory: Memory, now: float) -> int:
    if select == "Disabled":
        return current
    found = []
    for policy in policies:
        start = current - sum(each.number for each in _lately(memory, policy, now) if each.number > 0)
        value = int(policy["value"])
        found.append(start + value if policy["type"] == "Pods" else math.ceil(start * (1 + value / 100)))
    return max(current, min(found) if select == "Min" else max(found))


def _least(current: int, policies: Sequence[Mapping[str, Any]], select: str | None, memory: Memory, now: float) -> int:
    if select == "Disabled":
        return current
    found = []
    for policy in policies:
        start = current - sum(each.number for each in _lately(memory, policy, now) if each.number < 0)
        value = int(policy["value"])
        found.append(start - value if policy["type"] == "Pods" else math.floor(start * (1 - value / 100)))
    return min(current, max(found) if select == "Min" else min(found))


def _lately(memory: Memory, policy: Mapping[str, Any], now: float) -> list[Moment]:
    return [each for each in memory.changes if now - each.at <= float(policy.get("periodSeconds") or 15)]
