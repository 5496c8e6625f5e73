"""Taints of a cluster by its condition Ready. Pure.

NoSchedule at once: nothing new goes there. NoExecute after ``eviction_seconds``: what runs there is evicted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sampan_federation.names import NOT_READY, UNREACHABLE
from sampan_machinery.metadata import get_condition, now_text, parse_time

KEYS = {"False": NOT_READY, "Unknown": UNREACHABLE}
Taint = dict[str, Any]


class Wanted(NamedTuple):
    taints: list[Taint]  # all of the cluster's
    again: float | None  # in how many seconds NoExecute is due


def taints_for(cluster: Mapping[str, Any], now: float, *, failover: bool, eviction_seconds: float) -> Wanted:
    """Taints of others stay as they are. What counts is since when the member is not ready, however it was so."""
    present: Sequence[Taint] = (cluster.get("spec") or {}).get("taints") or []
    others = [taint for taint in present if taint.get("key") not in KEYS.values()]
    ready = get_condition(cluster.get("status"), "Ready")
    key = KEYS.get((ready or {}).get("status", ""))
    if key is None:
        return Wanted(others if ready else list(present), None)
    ours = [taint for taint in present if taint.get("key") in KEYS.values()]
    since = _since(ours, now)
    taints = [*others, _taint(key, "NoSchedule", now_text(since))]
    left = since + eviction_seconds - now
    if not failover:
        return Wanted(taints, None)
    if left > 0:
        return Wanted(taints, left)
    added = next((taint.get("timeAdded") for taint in ours if taint.get("effect") == "NoExecute"), None)
    return Wanted([*taints, _taint(key, "NoExecute", added or now_text(now))], None)


def _since(ours: Sequence[Taint], now: float) -> float:
    times = [
        parse_time(taint["timeAdded"])
        for taint in ours
        if taint.get("effect") == "NoSchedule" and taint.get("timeAdded")
    ]
    return min(times, default=now)


def _taint(key: str, effect: str, added: str) -> Taint:
    return {"key": key, "effect": effect, "timeAdded": added}
