"""Counting ended pods into a Job's status without losing one. Pure; ``state`` says how the three steps go."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sampan.contracts.kinds import Object
from sampan_batch.endings import Ending
from sampan_batch.indexes import Indexes
from sampan_batch.pods import has_finalizer, has_valid_index, index_of, is_failed, is_indexed
from sampan_batch.policies import match_failure
from sampan_batch.state import JobState
from sampan_machinery.metadata import get_path, is_deleting

#: Pods counted in one decision: the uids in the status stay below 20 KB.
_MOST = 500


class Count(NamedTuple):
    """The next status, and the pods whose finalizer goes once it is written."""

    status: Object
    counted: list[Object]


def count(state: JobState, status: Object, ending: Ending | None) -> Count:
    """``status`` is the one to be written, without the counts; it is changed."""
    known = status.get("uncountedTerminatedPods") or {}
    present = {pod["metadata"]["uid"] for pod in state.pods if has_finalizer(pod)}
    left: dict[str, list[str]] = {}
    for name in ("succeeded", "failed"):
        uids = known.get(name) or []
        left[name] = [uid for uid in uids if uid in present]
        _set(status, name, (status.get(name) or 0) + len(uids) - len(left[name]))
    counted, indexes = _ended(state, ending, left)
    status["uncountedTerminatedPods"] = {name: uids for name, uids in left.items() if uids}
    if is_indexed(state.job):
        completed = state.counted_indexes | indexes
        _set(status, "succeeded", len(completed))
        _set(status, "completedIndexes", str(completed))
        if state.failed_indexes is not None:
            status["failedIndexes"] = str(state.failed_indexes)
    return Count(status, counted)


def _ended(state: JobState, ending: Ending | None, left: dict[str, list[str]]) -> tuple[list[Object], Indexes]:
    """Pods to be counted now, and the indexes they complete. Adds the uids to ``left``."""
    counted: list[Object] = []
    indexes: set[int] = set()
    known = {uid for uids in left.values() for uid in uids}
    for pod in _in_order(state):
        if not has_finalizer(pod) or not _may_go(state, pod, ending):
            continue
        counted.append(pod)
        uid = pod["metadata"]["uid"]
        if uid not in known and has_valid_index(pod, state.job):
            if get_path(pod, "status", "phase") == "Succeeded":
                if is_indexed(state.job):
                    indexes.add(index_of(pod))
                else:
                    left["succeeded"].append(uid)
            elif _counts_as_failed(state, pod, ending):
                left["failed"].append(uid)
        if len(indexes) + sum(map(len, left.values())) >= _MOST:
            break
    return counted, Indexes.of(indexes)


def _in_order(state: JobState) -> Iterable[Object]:
    return sorted(state.pods, key=index_of) if is_indexed(state.job) else state.pods


def _may_go(state: JobState, pod: Object, ending: Ending | None) -> bool:
    """Whether the pod's outcome is known, and nothing needs the pod any more."""
    if ending is not None or is_deleting(state.job) or get_path(pod, "status", "phase") == "Succeeded":
        return True
    waiting = state.replaced.get(index_of(pod))
    return is_failed(pod, state.job) and (waiting is None or waiting["metadata"]["uid"] != pod["metadata"]["uid"])


def _counts_as_failed(state: JobState, pod: Object, ending: Ending | None) -> bool:
    """Where a Job fails, every pod that has not ended counts as failed."""
    failed = is_failed(pod, state.job) or (ending is not None and ending.fails)
    return failed and match_failure(state.job, pod).counts


def _set(status: Object, name: str, value: int | str) -> None:
    """Empty values are left out, as upstream leaves them out."""
    if value:
        status[name] = value
    else:
        status.pop(name, None)
