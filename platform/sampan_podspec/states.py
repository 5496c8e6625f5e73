"""States of pods that workloads act on: active, ready, available; and which pods to delete first."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from sampan.contracts.kinds import Object
from sampan_machinery.metadata import annotations_of, condition_is, get_condition, get_path, is_deleting, parse_time

_COST = "controller.kubernetes.io/pod-deletion-cost"
_PHASES = {"Pending": 0, "Unknown": 1, "Running": 2}


def is_active(pod: Object) -> bool:
    """Neither finished nor terminating."""
    return get_path(pod, "status", "phase") not in ("Succeeded", "Failed") and not is_deleting(pod)


def is_terminating(pod: Object) -> bool:
    return get_path(pod, "status", "phase") not in ("Succeeded", "Failed") and is_deleting(pod)


def is_ready(pod: Object) -> bool:
    return condition_is(pod.get("status"), "Ready")


def ready_since(pod: Object) -> float | None:
    """When the pod became ready, or None while it is not."""
    condition = get_condition(pod.get("status"), "Ready")
    if condition is None or condition.get("status") != "True":
        return None
    return parse_time(condition["lastTransitionTime"]) if condition.get("lastTransitionTime") else 0.0


def is_available(pod: Object, min_ready: int, now: float) -> bool:
    """Ready for at least ``min_ready`` seconds."""
    if not min_ready:
        return is_ready(pod)
    since = ready_since(pod)
    return since is not None and since > 0 and since + min_ready <= now


def available_in(pods: Iterable[Object], min_ready: int, now: float) -> float | None:
    """Seconds until the next ready pod becomes available, or None."""
    if not min_ready:
        return None
    waits = [since + min_ready - now for since in map(ready_since, pods) if since is not None]
    return min((wait for wait in waits if wait > 0), default=None)


def to_delete(pods: Sequence[Object], related: Iterable[Object], count: int, now: float) -> list[Object]:
    """The ``count`` pods to delete first. Source: the order of upstream's ActivePodsWithRanks.

    ``related``: the active pods of all ReplicaSets with the same owner; a node with many of them loses one first.
    """
    if count >= len(pods):
        return list(pods)
    crowd: dict[str, int] = {}
    for pod in related:
        node = get_path(pod, "spec", "nodeName", default="")
        crowd[node] = crowd.get(node, 0) + 1
    return sorted(pods, key=lambda pod: _worth(pod, crowd, now))[:count]


def _worth(pod: Object, crowd: dict[str, int], now: float) -> tuple[float, ...]:
    node = get_path(pod, "spec", "nodeName", default="")
    since = ready_since(pod)
    created = get_path(pod, "metadata", "creationTimestamp")
    age = max(0.0, now - parse_time(created)) if created else 0.0
    return (
        1 if node else 0,
        _PHASES.get(get_path(pod, "status", "phase", default="Pending"), 1),
        0 if since is None else 1,
        _cost(pod),
        -crowd.get(node, 0),
        0.0 if since is None else _magnitude(now - since),
        -_restarts(pod),
        _magnitude(age),
    )


def _magnitude(seconds: float) -> float:
    """Only orders of magnitude count, so that which pod goes is not always the newest (KEP-2185)."""
    return float(math.floor(math.log2(seconds))) if seconds >= 1 else 0.0


def _cost(pod: Object) -> int:
    text = annotations_of(pod).get(_COST, "0")
    try:
        return int(text)
    except ValueError:
        return 0


def _restarts(pod: Object) -> int:
    return max((s.get("restartCount", 0) for s in get_path(pod, "status", "containerStatuses", default=())), default=0)
