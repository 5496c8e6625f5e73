"""How long the pods of each priority have to end when their node is shut down. Pure.

Source: KEP-2000 (graceful node shutdown), KEP-2712 (by pod priority); kubelet's groupByPriority and migrateConfig.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sampan.contracts.kinds import Object

CRITICAL = 2_000_000_000
KEYS = ("priority", "shutdownGracePeriodSeconds")
LOWEST, HIGHEST = -(2**31), 2**31 - 1


class ShutdownPeriod(NamedTuple):
    """For pods from this priority on, up to the next period's."""

    priority: int
    seconds: int


def migrated(whole: float, critical: float) -> tuple[ShutdownPeriod, ...]:
    """What shutdownGracePeriod and shutdownGracePeriodCriticalPods stand for, in seconds."""
    if not whole:
        return ()
    return ShutdownPeriod(0, int(whole - critical)), ShutdownPeriod(CRITICAL, int(critical))


def by_priority(given: Sequence[Mapping[str, int]]) -> tuple[ShutdownPeriod, ...]:
    """The lowest priority first. Raises ValueError."""
    for index, entry in enumerate(given):
        where = f"shutdownGracePeriodByPodPriority[{index}]"
        if unknown := [key for key in entry if key not in KEYS]:
            raise ValueError(f"{where}.{unknown[0]} is not a setting; there are {' and '.join(KEYS)}")
        if missing := [key for key in KEYS if key not in entry]:
            raise ValueError(f"{where}.{missing[0]} must be set")
        if entry["shutdownGracePeriodSeconds"] < 0:
            raise ValueError(f"{where}.shutdownGracePeriodSeconds must be at least 0")
        if not LOWEST <= entry["priority"] <= HIGHEST:
            raise ValueError(f"{where}.priority must be {LOWEST} to {HIGHEST}")
    found = sorted(ShutdownPeriod(one["priority"], one["shutdownGracePeriodSeconds"]) for one in given)
    for one, other in itertools.pairwise(found):
        if one.priority == other.priority:
            raise ValueError(f"shutdownGracePeriodByPodPriority must name the priority {one.priority} once")
    return tuple(found)


def grouped(periods: Sequence[ShutdownPeriod], pods: Iterable[Object]) -> list[tuple[ShutdownPeriod, list[Object]]]:
    """The pods of each period, in the order in which they end, periods without pods left out. A pod below the lowest
    priority counts as of the lowest."""
    found: list[tuple[ShutdownPeriod, list[Object]]] = [(one, []) for one in periods]
    for pod in pods:
        priority = int(pod["spec"].get("priority") or 0)
        index = max((n for n, one in enumerate(periods) if one.priority <= priority), default=0)
        found[index][1].append(pod)
    return [(period, members) for period, members in found if members]


def grace(pod: Object, period: ShutdownPeriod) -> int:
    """Seconds that the pod's containers have: its own grace period where that is shorter."""
    return min(period.seconds, int(pod["spec"].get("terminationGracePeriodSeconds", 30)))
