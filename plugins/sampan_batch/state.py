"""A Job and its pods at one moment, counted as the status counts them. Pure.

A pod is counted in three steps, so that no crash counts it twice or never: its uid goes into
``status.uncountedTerminatedPods``, then its finalizer is removed, then the uid is replaced by a number. Until the
second step the pod cannot disappear. For succeeded pods of an Indexed Job, ``completedIndexes`` takes the uid's place.
Source: KEP-2307.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sampan.contracts.kinds import Object
from sampan_batch.backoff import finished_at
from sampan_batch.indexes import Indexes
from sampan_batch.pods import (
    failures_of_index,
    has_finalizer,
    has_valid_index,
    index_of,
    is_failed,
    is_indexed,
    limits_indexes,
)
from sampan_batch.policies import match_failure
from sampan_machinery.metadata import get_path
from sampan_podspec.states import is_active, is_terminating, ready_since


@dataclass(frozen=True)
class JobState:
    """``succeeded`` and ``failed`` include what has ended and is not yet in the status."""

    job: Object
    pods: Sequence[Object]
    now: float
    active: Sequence[Object]
    terminating: int
    ready: int
    succeeded: int
    failed: int
    counted_indexes: Indexes  # of status.completedIndexes
    succeeded_indexes: Indexes
    failed_indexes: Indexes | None  # None: failures do not count by index
    #: With backoffLimitPerIndex: the last failed pod of each index that waits for its replacement. It keeps its
    #: finalizer until then, for the replacement's annotation is made from it.
    replaced: dict[int, Object]

    @property
    def suspended(self) -> bool:
        return bool(self.job["spec"].get("suspend"))


def state_of(job: Object, pods: Sequence[Object], now: float) -> JobState:
    active = [pod for pod in pods if is_active(pod)]
    status = job.get("status") or {}
    uncounted = get_path(status, "uncountedTerminatedPods", default={})
    seen = {uid for name in ("succeeded", "failed") for uid in uncounted.get(name) or ()}
    fresh = [pod for pod in pods if has_finalizer(pod) and has_valid_index(pod, job)]
    unseen = [pod for pod in fresh if pod["metadata"]["uid"] not in seen]
    succeeded = (status.get("succeeded") or 0) + len(uncounted.get("succeeded") or ())
    succeeded += sum(map(_has_succeeded, unseen))
    failed = (status.get("failed") or 0) + len(uncounted.get("failed") or ())
    failed += sum(is_failed(pod, job) and match_failure(job, pod).counts for pod in unseen)
    counted, by_index = Indexes(), Indexes()
    failed_indexes: Indexes | None = None
    replaced: dict[int, Object] = {}
    if is_indexed(job):
        counted = Indexes.parse(status.get("completedIndexes") or "", job["spec"].get("completions") or 0)
        by_index = counted | Indexes.of(index_of(pod) for pod in fresh if _has_succeeded(pod))
        succeeded = len(by_index)
    if is_indexed(job) and limits_indexes(job):
        failed_indexes = _failed_indexes(job, fresh)
        busy = by_index | failed_indexes | Indexes.of(i for i in map(index_of, active) if i >= 0)
        replaced = _replaced(job, fresh, busy)
    return JobState(
        job, pods, now, active, sum(map(is_terminating, pods)), sum(ready_since(pod) is not None for pod in active),
        succeeded, failed, counted, by_index, failed_indexes, replaced,
    )  # fmt: skip


def _has_succeeded(pod: Object) -> bool:
    return bool(get_path(pod, "status", "phase") == "Succeeded")


def _failed_indexes(job: Object, fresh: Iterable[Object]) -> Indexes:
    known = Indexes.parse(get_path(job, "status", "failedIndexes", default=""), job["spec"].get("completions") or 0)
    return known | Indexes.of(index_of(pod) for pod in fresh if is_failed(pod, job) and _fails_index(job, pod))


def _fails_index(job: Object, pod: Object) -> bool:
    match = match_failure(job, pod)
    if match.action == "FailIndex":
        return True
    return match.counts and failures_of_index(pod)[0] >= job["spec"]["backoffLimitPerIndex"]


def _replaced(job: Object, fresh: Iterable[Object], busy: Indexes) -> dict[int, Object]:
    found: dict[int, Object] = {}
    for pod in fresh:
        index = index_of(pod)
        if is_failed(pod, job) and index not in busy and (index not in found or _is_later(pod, found[index])):
            found[index] = pod
    return found


def _is_later(pod: Object, other: Object) -> bool:
    return sum(failures_of_index(pod)) >= sum(failures_of_index(other)) and finished_at(pod) >= finished_at(other)
