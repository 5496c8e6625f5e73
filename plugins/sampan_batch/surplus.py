"""Which active pods of a Job go when there are too many. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from sampan.contracts.kinds import Object
from sampan_batch.pods import index_of, is_indexed
from sampan_machinery.metadata import get_path
from sampan_podspec.states import ready_since

_PHASES = {"Pending": 0, "Unknown": 1, "Running": 2}


def surplus(job: Object, active: Sequence[Object], least: int) -> list[Object]:
    """``least`` pods and more where indexes are doubled or beyond the completions: those that are the least far."""
    removable, kept = _misplaced(active, job["spec"].get("completions") or 0) if is_indexed(job) else ([], list(active))
    if len(removable) < least:
        removable += sorted(kept, key=_order)[: least - len(removable)]
    return removable


def _misplaced(active: Sequence[Object], completions: int) -> tuple[list[Object], list[Object]]:
    by_index: dict[int, list[Object]] = {}
    for pod in active:
        by_index.setdefault(index_of(pod), []).append(pod)
    removable: list[Object] = []
    kept: list[Object] = []
    for index, pods in sorted(by_index.items()):
        if not 0 <= index < completions:
            removable += pods
            continue
        *others, best = sorted(pods, key=_order)
        removable += others
        kept.append(best)
    return removable, kept


def _order(pod: Object) -> tuple[object, ...]:
    """Source: the order of upstream's ActivePods. Unassigned, pending, unready, young pods go first."""
    since = ready_since(pod)
    return (
        bool(get_path(pod, "spec", "nodeName", default="")),
        _PHASES.get(get_path(pod, "status", "phase", default="Pending"), 1),
        since is not None,
        -since if since else 0.0,
        -_restarts(pod),
        _reversed(get_path(pod, "metadata", "creationTimestamp", default="")),
        pod["metadata"]["name"],
    )


def _restarts(pod: Object) -> int:
    statuses = get_path(pod, "status", "containerStatuses", default=())
    return max((each.get("restartCount") or 0 for each in statuses), default=0)


def _reversed(text: str) -> tuple[int, ...]:
    return tuple(-ord(char) for char in text)
