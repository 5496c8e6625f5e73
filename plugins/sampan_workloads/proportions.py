"""The arithmetic of a rolling update: how many pods each ReplicaSet shall have. Numbers in, numbers out.

Source: the rules of upstream's deployment controller (maxSurge, maxUnavailable, proportional scaling; conformance 4.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sampan.contracts.kinds import Object
from sampan_machinery.metadata import annotations_of, get_path, resolve_int_or_percent

DESIRED = "deployment.kubernetes.io/desired-replicas"
MAXIMUM = "deployment.kubernetes.io/max-replicas"


class RolloutBounds(NamedTuple):
    """A Deployment's replicas, maxSurge and maxUnavailable as numbers."""

    replicas: int
    surge: int
    unavailable: int
    rolling: bool

    @property
    def most(self) -> int:
        """Pods that may exist at once."""
        return self.replicas + self.surge


def bounds_of(deployment: Object) -> RolloutBounds:
    """maxSurge rounds up, maxUnavailable down; when both come to nothing one pod may be unavailable."""
    spec = deployment["spec"]
    replicas = spec.get("replicas", 1)
    strategy = spec.get("strategy") or {}
    if strategy.get("type") != "RollingUpdate":
        return RolloutBounds(replicas, 0, 0, False)
    rolling = strategy.get("rollingUpdate") or {}
    surge = resolve_int_or_percent(rolling.get("maxSurge", "25%"), replicas, round_up=True)
    unavailable = resolve_int_or_percent(rolling.get("maxUnavailable", "25%"), replicas)
    if not surge and not unavailable:
        unavailable = 1
    return RolloutBounds(replicas, surge, min(unavailable, replicas), True)


def wanted(replica_set: Object) -> int:
    return int(get_path(replica_set, "spec", "replicas", default=0))


def available(replica_set: Object) -> int:
    return int(get_path(replica_set, "status", "availableReplicas", default=0))


def annotated(replica_set: Object, name: str) -> int | None:
    text = annotations_of(replica_set).get(name, "")
    return int(text) if text.isdigit() else None


def new_size(bounds: RolloutBounds, everybody: Sequence[Object], newest: int) -> int:
    """Replicas for the new ReplicaSet, which has ``newest`` now; ``everybody`` includes it if it exists."""
    if not bounds.rolling:
        return bounds.replicas
    if newest >= bounds.replicas:
        return bounds.replicas
    room = bounds.most - sum(map(wanted, everybody))
    return newest if room <= 0 else newest + min(room, bounds.replicas - newest)


def old_sizes(bounds: RolloutBounds, new: Object, old: Sequence[Object]) -> dict[str, int]:
    """Replicas for those old ReplicaSets (by uid, oldest first) that shall shrink now.

    First pods that are not available anyway, then as many available ones as may be missing. A ReplicaSet that has just
    been made smaller still counts the pods that go in its status: they are not available ones to spare.
    """
    everybody = [*old, new]
    least = bounds.replicas - bounds.unavailable
    total = sum(map(wanted, everybody))
    room = total - least - (wanted(new) - available(new))
    sizes: dict[str, int] = {}
    if room <= 0 or not sum(map(wanted, old)):
        return sizes
    for each in old:
        broken = min(room, max(0, wanted(each) - available(each)))
        if broken:
            sizes[each["metadata"]["uid"]] = wanted(each) - broken
            room -= broken
    spare = sum(min(available(each), wanted(each)) for each in everybody) - least
    for each in old:
        size = sizes.get(each["metadata"]["uid"], wanted(each))
        cut = min(size, max(0, spare))
        if cut:
            sizes[each["metadata"]["uid"]] = size - cut
            spare -= cut
    return sizes


def scaled_sizes(bounds: RolloutBounds, active: Sequence[Object]) -> dict[str, int]:
    """Replicas for all active ReplicaSets after the Deployment was scaled in the middle of a roll-out: each keeps its
    share; what rounding leaves goes to the largest."""
    target = bounds.most if bounds.replicas > 0 else 0
    change = target - sum(map(wanted, active))
    # growing favours the newer of equals, shrinking the older
    ordered = sorted(active, key=lambda rs: str(rs["metadata"].get("creationTimestamp", "")), reverse=change > 0)
    ordered.sort(key=wanted, reverse=True)
    sizes: dict[str, int] = {}
    added = 0
    for each in ordered:
        share = _share(bounds, each, change - added) if change else 0
        sizes[each["metadata"]["uid"]] = wanted(each) + share
        added += share
    if change and ordered:
        first = ordered[0]["metadata"]["uid"]
        sizes[first] = max(0, sizes[first] + change - added)
    return sizes


def _share(bounds: RolloutBounds, replica_set: Object, left: int) -> int:
    if not wanted(replica_set) or not left:
        return 0
    share = _fraction(bounds, replica_set)
    return min(share, left) if left > 0 else max(share, left)


def _fraction(bounds: RolloutBounds, replica_set: Object) -> int:
    if not bounds.replicas:
        return -wanted(replica_set)
    before = annotated(replica_set, MAXIMUM) or int(get_path(replica_set, "status", "replicas", default=0))
    if not before:
        return 0
    return int(wanted(replica_set) * bounds.most / before + 0.5) - wanted(replica_set)
