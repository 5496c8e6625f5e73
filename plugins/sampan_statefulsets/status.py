"""The status of a StatefulSet: counts of its pods by readiness and by revision. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from sampan.contracts.kinds import Object
from sampan_machinery.metadata import copy, get_path, is_deleting
from sampan_podspec.states import is_available, ready_since
from sampan_statefulsets.identity import replicas_of, revision_of

_SHOWN = ("replicas", "availableReplicas")  # also when they are zero; others are left out


def is_created(pod: Object) -> bool:
    return bool(get_path(pod, "status", "phase"))


def is_ready(pod: Object) -> bool:
    return get_path(pod, "status", "phase") == "Running" and ready_since(pod) is not None


def is_unavailable(owner: Object, pod: Object, now: float) -> bool:
    """Not ready for long enough, or terminating."""
    return is_deleting(pod) or not is_available(pod, min_ready(owner), now)


def min_ready(owner: Object) -> int:
    return int(owner["spec"].get("minReadySeconds") or 0)


def status_of(owner: Object, pods: Sequence[Object], current: str, update: str, now: float) -> Object:
    """``current`` and ``update`` are names of revisions. Conditions of others stay."""
    old = owner.get("status") or {}
    ready = [pod for pod in pods if is_ready(pod)]
    revisions = [revision_of(pod) for pod in pods if is_created(pod) and not is_deleting(pod)]
    counts = {
        "replicas": sum(map(is_created, pods)),
        "readyReplicas": len(ready),
        "availableReplicas": sum(is_available(pod, min_ready(owner), now) for pod in ready),
        "currentReplicas": revisions.count(current),
        "updatedReplicas": revisions.count(update),
    }
    if _is_complete(owner, counts):
        current, counts["currentReplicas"] = update, counts["updatedReplicas"]
    status: Object = {
        "observedGeneration": owner["metadata"].get("generation", 0),
        **{name: count for name, count in counts.items() if count or name in _SHOWN},
        "currentRevision": current,
        "updateRevision": update,
        "collisionCount": old.get("collisionCount") or 0,
    }
    if old.get("conditions"):
        status["conditions"] = copy(old["conditions"])
    return status


def _is_complete(owner: Object, counts: dict[str, int]) -> bool:
    """Whether a rolling update has reached all pods: its revision is the current one then."""
    rolling = get_path(owner, "spec", "updateStrategy", "type") == "RollingUpdate"
    reached = (counts[name] == replicas_of(owner) for name in ("updatedReplicas", "readyReplicas", "replicas"))
    return rolling and all(reached)
