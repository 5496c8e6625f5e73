"""A Deployment's status: counts, and the conditions Available, Progressing and ReplicaFailure. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from sampan.contracts.kinds import Object
from sampan_machinery.metadata import copy, get_condition, get_path, now_text, parse_time, remove_condition
from sampan_workloads.proportions import RolloutBounds, available, wanted

_NO_DEADLINE = 2**31 - 1
_COUNTS = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas")


def put_condition(status: Object, type: str, value: str, reason: str, message: str, now: float) -> None:
    """A condition with the same status and reason is left as it is, times and all."""
    old = get_condition(status, type)
    if old is not None and (old.get("status"), old.get("reason")) == (value, reason):
        return
    replace_condition(status, type, value, reason, message, now)


def replace_condition(status: Object, type: str, value: str, reason: str, message: str, now: float) -> None:
    old = get_condition(status, type)
    at = now_text(now)
    moved = old.get("lastTransitionTime", at) if old is not None and old.get("status") == value else at
    fresh = {"type": type, "status": value, "lastUpdateTime": at, "lastTransitionTime": moved}
    fresh.update(reason=reason, message=message)
    conditions = [each for each in status.get("conditions") or () if each.get("type") != type]
    status["conditions"] = [*conditions, fresh]


def count(
    deployment: Object, everybody: Sequence[Object], new: Object | None, bounds: RolloutBounds, now: float
) -> Object:
    """The status with its counts and the condition Available; other conditions as they are."""
    status: Object = copy(deployment.get("status") or {})
    total = sum(int(get_path(rs, "status", "replicas", default=0)) for rs in everybody)
    ready = sum(map(available, everybody))
    numbers = {
        "replicas": total,
        "updatedReplicas": int(get_path(new, "status", "replicas", default=0)) if new else 0,
        "readyReplicas": sum(int(get_path(rs, "status", "readyReplicas", default=0)) for rs in everybody),
        "availableReplicas": ready,
        "unavailableReplicas": max(0, sum(map(wanted, everybody)) - ready),
    }
    for name in _COUNTS:
        status.pop(name, None)
        if numbers[name]:
            status[name] = numbers[name]
    status["terminatingReplicas"] = sum(
        int(get_path(rs, "status", "terminatingReplicas", default=0)) for rs in everybody
    )
    status["observedGeneration"] = deployment["metadata"].get("generation", 0)
    if ready >= bounds.replicas - bounds.unavailable:
        words = ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
    else:
        words = ("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
    put_condition(status, "Available", *words, now)
    return status


def is_complete(deployment: Object, status: Object) -> bool:
    replicas = deployment["spec"].get("replicas", 1)
    return all(
        status.get(name, 0) == replicas for name in ("updatedReplicas", "replicas", "availableReplicas")
    ) and status.get("observedGeneration", 0) >= deployment["metadata"].get("generation", 0)


def note_progress(
    deployment: Object, status: Object, everybody: Sequence[Object], new: Object | None, now: float
) -> None:
    """Set Progressing and ReplicaFailure in the status."""
    _note_rollout(deployment, status, new, now)
    failures = [get_condition(rs.get("status"), "ReplicaFailure") for rs in ([new] if new else []) + list(everybody)]
    failure = next((each for each in failures if each), None)
    if failure is None:
        remove_condition(status, "ReplicaFailure")
    else:
        words = (failure.get("status", "True"), failure.get("reason", ""), failure.get("message", ""))
        put_condition(status, "ReplicaFailure", *words, now)


def _note_rollout(deployment: Object, status: Object, new: Object | None, now: float) -> None:
    if deadline_of(deployment) is None:
        remove_condition(status, "Progressing")
        return
    if new and get_condition(status, "Progressing") is None:
        text = f'Found new replica set "{new["metadata"]["name"]}"'
        put_condition(status, "Progressing", "True", "FoundNewReplicaSet", text, now)
    current = get_condition(status, "Progressing")
    settled = status.get("replicas", 0) == status.get("updatedReplicas", 0)
    if settled and current is not None and current.get("reason") == "NewReplicaSetAvailable":
        return
    who = f'ReplicaSet "{new["metadata"]["name"]}"' if new else f'Deployment "{deployment["metadata"]["name"]}"'
    if is_complete(deployment, status):
        text = f"{who} has successfully progressed."
        put_condition(status, "Progressing", "True", "NewReplicaSetAvailable", text, now)
    elif _has_progressed(deployment.get("status") or {}, status):
        replace_condition(status, "Progressing", "True", "ReplicaSetUpdated", f"{who} is progressing.", now)
    elif _timed_out(deployment, current, now):
        text = f"{who} has timed out progressing."
        put_condition(status, "Progressing", "False", "ProgressDeadlineExceeded", text, now)


def _has_progressed(old: Object, new: Object) -> bool:
    def left(status: Object) -> int:
        return int(status.get("replicas", 0)) - int(status.get("updatedReplicas", 0))

    grown = ("updatedReplicas", "readyReplicas", "availableReplicas")
    return any(new.get(name, 0) > old.get(name, 0) for name in grown) or left(new) < left(old)


def deadline_of(deployment: Object) -> int | None:
    deadline = deployment["spec"].get("progressDeadlineSeconds")
    return None if deadline is None or deadline == _NO_DEADLINE else int(deadline)


def _timed_out(deployment: Object, current: Object | None, now: float) -> bool:
    if current is None or current.get("reason") == "NewReplicaSetAvailable":
        return False
    if current.get("reason") == "ProgressDeadlineExceeded":
        return True
    since = current.get("lastUpdateTime")
    return since is not None and parse_time(since) + (deadline_of(deployment) or 0) < now


def stuck_in(deployment: Object, status: Object, now: float) -> float | None:
    """Seconds until the roll-out misses its deadline, if it is still under way."""
    current, deadline = get_condition(status, "Progressing"), deadline_of(deployment)
    if deadline is None or current is None or is_complete(deployment, status):
        return None
    if current.get("reason") in ("ProgressDeadlineExceeded", "NewReplicaSetAvailable", "DeploymentPaused"):
        return None
    since = current.get("lastUpdateTime")
    return max(1.0, parse_time(since) + deadline - now + 1) if since else None
