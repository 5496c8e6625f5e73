"""How fast replicas may change: stabilization windows, scaling policies, least and most.

Pure, over what is remembered of one autoscaler. Source: KEP-853 (configurable scaling velocity), the Kubernetes
documentation "Horizontal Pod Autoscaling" (stabilization window, default behaviour).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from sampan.contracts.kinds import Object

_FAST = ("ScaleUpLimit", "the desired replica count is increasing faster than the maximum scale rate")
_SLOW = ("ScaleDownLimit", "the desired replica count is decreasing faster than the maximum scale rate")
_MANY = ("TooManyReplicas", "the desired replica count is more than the maximum replica count")
_FEW = ("TooFewReplicas", "the desired replica count is less than the minimum replica count")
_FINE = ("DesiredWithinRange", "the desired count is within the acceptable range")
_FITS = ("ReadyForNewScale", "recommended size matches current size")
_HELD_DOWN = (
    "ScaleDownStabilized",
    "recent recommendations were higher than current one, applying the highest recent recommendation",
)  # fmt: skip
_HELD_UP = (
    "ScaleUpStabilized",
    "recent recommendations were lower than current one, applying the lowest recent recommendation",
)  # fmt: skip
_UNBOUNDED = 2**31 - 1


class TimedNumber(NamedTuple):
    """A time and a number: a recommendation, or by how much was scaled."""

    at: float
    pods: int


@dataclass
class AutoscalerHistory:
    """What is remembered of one autoscaler, in the process that leads; a new leader starts with what is running."""

    recommended: list[TimedNumber] = field(default_factory=list)
    ups: list[TimedNumber] = field(default_factory=list)
    downs: list[TimedNumber] = field(default_factory=list)


class ReplicaBounds(NamedTuple):
    """The autoscaler's spec, as far as it limits."""

    low: int
    high: int
    behavior: Object | None
    window: float  # seconds of the default downscale stabilization


class LimitedReplicas(NamedTuple):
    """The number allowed, and two conditions' (status, reason, message)."""

    replicas: int
    able: tuple[str, str]
    limited: bool
    limit: tuple[str, str]


def limit(current: int, desired: int, bounds: ReplicaBounds, memory: AutoscalerHistory, now: float) -> LimitedReplicas:
    """What may become of ``desired`` now; the recommendation is remembered."""
    stable, able = _stabilize(current, desired, bounds, memory, now)
    allowed, why = (_by_default if bounds.behavior is None else _by_policies)(current, stable, bounds, memory, now)
    return LimitedReplicas(allowed, able, allowed != stable, why)


def remember(memory: AutoscalerHistory, behavior: Object | None, before: int, after: int, now: float) -> None:
    """That the target was scaled; only policies ask."""
    if behavior is None:
        return
    events, rules, change = (
        (memory.ups, behavior["scaleUp"], after - before)
        if after > before
        else (memory.downs, behavior["scaleDown"], before - after)
    )
    longest = max((policy["periodSeconds"] for policy in rules.get("policies") or ()), default=0)
    events[:] = [*(event for event in events if event.at > now - longest), TimedNumber(now, change)]


def _stabilize(
    current: int, desired: int, bounds: ReplicaBounds, memory: AutoscalerHistory, now: float
) -> tuple[int, tuple[str, str]]:  # fmt: skip
    up, down = _windows(bounds)
    recent = memory.recommended
    lowest = min((told.pods for told in recent if told.at > now - up), default=desired)
    highest = max((told.pods for told in recent if told.at > now - down), default=desired)
    if bounds.behavior is None:
        stable = max(desired, highest)
    else:
        stable = min(max(current, min(desired, lowest)), max(desired, highest))
    recent[:] = [*(told for told in recent if told.at > now - max(up, down)), TimedNumber(now, desired)]
    if stable == desired:
        return stable, _FITS
    return stable, _HELD_UP if bounds.behavior is not None and desired >= current else _HELD_DOWN


def _windows(bounds: ReplicaBounds) -> tuple[float, float]:
    behavior = bounds.behavior
    if behavior is None:
        return 0.0, bounds.window
    down = behavior["scaleDown"].get("stabilizationWindowSeconds")
    return float(behavior["scaleUp"].get("stabilizationWindowSeconds") or 0), bounds.window if down is None else down


def _by_default(
    current: int, desired: int, bounds: ReplicaBounds, memory: AutoscalerHistory, now: float
) -> tuple[int, tuple[str, str]]:  # fmt: skip
    fastest = max(2 * current, 4)
    most, why = (fastest, _FAST) if bounds.high > fastest else (bounds.high, _MANY)
    if desired < bounds.low:
        return bounds.low, _FEW
    return (most, why) if desired > most else (desired, _FINE)


def _by_policies(
    current: int, desired: int, bounds: ReplicaBounds, memory: AutoscalerHistory, now: float
) -> tuple[int, tuple[str, str]]:  # fmt: skip
    assert bounds.behavior is not None
    if desired > current:
        fastest = max(current, _up_limit(current, bounds.behavior["scaleUp"], memory, now))
        most, why = (fastest, _FAST) if bounds.high > fastest else (bounds.high, _MANY)
        return (most, why) if desired > most else (desired, _FINE)
    if desired < current:
        fastest = min(current, _down_limit(current, bounds.behavior["scaleDown"], memory, now))
        least, why = (fastest, _SLOW) if bounds.low < fastest else (bounds.low, _FEW)
        return (least, why) if desired < least else (desired, _FINE)
    return desired, _FINE


def _up_limit(current: int, rules: Object, memory: AutoscalerHistory, now: float) -> int:
    select = rules.get("selectPolicy") or "Max"
    if select == "Disabled":
        return current
    found = []
    for policy in rules.get("policies") or ():
        start = _at_start(current, memory, policy["periodSeconds"], now)
        value = policy["value"]
        found.append(start + value if policy["type"] == "Pods" else -(-start * (100 + value) // 100))
    return min(found, default=_UNBOUNDED) if select == "Min" else max(found, default=-_UNBOUNDED)


def _down_limit(current: int, rules: Object, memory: AutoscalerHistory, now: float) -> int:
    select = rules.get("selectPolicy") or "Max"
    if select == "Disabled":
        return current
    found = []
    for policy in rules.get("policies") or ():
        start = _at_start(current, memory, policy["periodSeconds"], now)
        value = policy["value"]
        found.append(start - value if policy["type"] == "Pods" else math.trunc(start * (100 - value) / 100))
    return max(found, default=-_UNBOUNDED) if select == "Min" else min(found, default=_UNBOUNDED)


def _at_start(current: int, memory: AutoscalerHistory, period: float, now: float) -> int:
    """Replicas at the beginning of a policy's period."""
    return current - _sum(memory.ups, now - period) + _sum(memory.downs, now - period)


def _sum(events: Iterable[TimedNumber], since: float) -> int:
    return sum(event.pods for event in events if event.at > since)
