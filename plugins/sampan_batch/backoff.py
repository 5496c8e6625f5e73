"""When a failed pod may be replaced: 10 seconds after the first failure, then twice as long each time, 10 minutes at
most. Pure.

Upstream keeps the failures since the last success in memory. Here they are counted from the pods that exist, so that a
restart of the controller forgets nothing. Source: the behaviour of upstream's job controller.
"""

from __future__ import annotations

from collections.abc import Iterable

from sampan.contracts.kinds import Object
from sampan_batch.pods import failures_of_index, has_finalizer, is_failed
from sampan_machinery.metadata import get_condition, get_path, is_deleting, parse_time
from sampan_podspec.containers import is_sidecar

_FIRST = 10.0
_LONGEST = 600.0


def wait_for_job(job: Object, pods: Iterable[Object], now: float) -> float:
    """Seconds until the Job may have new pods."""
    succeeded, failed = [], []
    for pod in pods:
        if get_path(pod, "status", "phase") == "Succeeded":
            succeeded.append(finished_at(pod))
        elif get_path(pod, "status", "phase") == "Failed" or (is_failed(pod, job) and has_finalizer(pod)):
            failed.append(finished_at(pod))
    last = max(succeeded, default=0.0)
    recent = [each for each in failed if each > last]
    return _wait(len(recent), max(recent, default=0.0), now)


def wait_for_index(pod: Object | None, now: float) -> float:
    """The same for one index of a Job with backoffLimitPerIndex; ``pod`` is its last failed one."""
    return 0.0 if pod is None else _wait(sum(failures_of_index(pod)) + 1, finished_at(pod), now)


def _wait(failures: int, last: float, now: float) -> float:
    if not failures:
        return 0.0
    pause = min(_LONGEST, _FIRST * 2.0 ** min(failures - 1, 16))
    return max(0.0, last + pause - now)


def finished_at(pod: Object) -> float:
    """When the pod ended: its last container, else when it turned unready, else its deletion."""
    ended = _containers_ended(pod)
    if ended:
        return ended
    ready = get_condition(pod.get("status"), "Ready")
    if ready and ready.get("status") == "False" and ready.get("lastTransitionTime"):
        return parse_time(ready["lastTransitionTime"])
    metadata = pod["metadata"]
    if is_deleting(pod):
        return parse_time(metadata["deletionTimestamp"]) - (metadata.get("deletionGracePeriodSeconds") or 0)
    return parse_time(metadata["creationTimestamp"]) if metadata.get("creationTimestamp") else 0.0


def _containers_ended(pod: Object) -> float:
    """0 while one has not ended."""
    sidecars = {each["name"] for each in get_path(pod, "spec", "initContainers", default=()) if is_sidecar(each)}
    statuses = list(get_path(pod, "status", "containerStatuses", default=()))
    statuses += [
        each for each in get_path(pod, "status", "initContainerStatuses", default=()) if each.get("name") in sidecars
    ]
    times = [get_path(each, "state", "terminated", "finishedAt", default="") for each in statuses]
    return max(map(parse_time, times)) if times and all(times) else 0.0


def restarts(pods: Iterable[Object]) -> int:
    """Restarts of containers in pods that run (restartPolicy OnFailure counts them against the back-off limit)."""
    return sum(
        status.get("restartCount") or 0
        for pod in pods
        if get_path(pod, "status", "phase") in ("Pending", "Running")
        for where in ("containerStatuses", "initContainerStatuses")
        for status in get_path(pod, "status", where, default=())
    )
