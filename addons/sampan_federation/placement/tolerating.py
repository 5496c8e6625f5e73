"""Taints of clusters and tolerations of placements. Pure. Source: Kubernetes docs, "Taints and Tolerations"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sampan_machinery.metadata import parse_time

Taint = Mapping[str, Any]


def tolerates(toleration: Mapping[str, Any], taint: Taint) -> bool:
    effect = toleration.get("effect")
    if effect and effect != taint.get("effect"):
        return False
    key, exists = toleration.get("key") or "", toleration.get("operator") == "Exists"
    if key and key != taint.get("key"):
        return False
    if not key:
        return exists
    return exists or (toleration.get("value") or "") == (taint.get("value") or "")


def untolerated(
    taints: Iterable[Taint], tolerations: Iterable[Mapping[str, Any]], effects: Iterable[str]
) -> Taint | None:
    """The first taint with one of these effects that no toleration tolerates."""
    wanted, given = set(effects), list(tolerations)
    for taint in taints:
        if taint.get("effect") in wanted and not any(tolerates(each, taint) for each in given):
            return taint
    return None


def seconds_left(taints: Iterable[Taint], tolerations: Iterable[Mapping[str, Any]], now: float) -> float | None:
    """In how many seconds a workload has to leave because of NoExecute taints: 0 or less: now; None: it may stay. A
    toleration with ``tolerationSeconds`` counts from the taint's ``timeAdded``."""
    given, soonest = list(tolerations), None
    for taint in taints:
        if taint.get("effect") != "NoExecute":
            continue
        matching = [each for each in given if tolerates(each, taint)]
        spans = [each["tolerationSeconds"] for each in matching if each.get("tolerationSeconds") is not None]
        if matching and not spans:
            continue
        added = parse_time(taint["timeAdded"]) if taint.get("timeAdded") else now
        left = added + max(0, min(spans)) - now if spans else 0.0
        soonest = left if soonest is None else min(soonest, left)
    return soonest


def words(taint: Taint) -> str:
    """As kubectl writes a taint."""
    value = f"={taint['value']}" if taint.get("value") else ""
    return f"{taint.get('key')}{value}:{taint.get('effect')}"
