"""Validation of a Job's status. Other controllers write it too (managedBy): clients rely on its rules.

Most rules count only where their fields change, so that a Job whose status breaks one can still be written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sampan.contracts.kinds import Object, Problem
from sampan_batch.endings import is_finished
from sampan_batch.indexes import checked, overlap
from sampan_batch.pods import is_indexed
from sampan_batch.validation.policies import bare
from sampan_machinery.metadata import condition_is, get_condition, parse_time
from sampan_machinery.problems import duplicate, invalid, required
from sampan_machinery.validation import validate_non_negative

_CONDITIONS = "status.conditions"
_NUMBERS = ("active", "succeeded", "failed", "ready", "terminating")


def validate_status(new: Object, old: Object) -> Iterator[Problem]:
    status, before = new.get("status") or {}, old.get("status") or {}
    for name in _NUMBERS:
        yield from validate_non_negative(f"status.{name}", status.get(name))
    yield from _validate_uncounted(status)
    change = _Change(new, old)
    yield from _validate_end(new, change)
    yield from _validate_times(status, before, change)
    yield from _validate_finished(new, change)
    yield from _validate_indexes(new, change)
    if change.of("ready", "active") and (status.get("ready") or 0) > (status.get("active") or 0):
        yield invalid("status.ready", status["ready"], "cannot set more ready pods than active")
    yield from _validate_agreement(new)
    yield from _validate_progress(new, old)


class _Change:
    """Which fields and conditions of the status a write changes."""

    def __init__(self, new: Object, old: Object) -> None:
        self.new, self.old = new.get("status") or {}, old.get("status") or {}
        self.finished = is_finished(new) != is_finished(old)

    def of(self, *names: str) -> bool:
        return any(_plain(self.new.get(name)) != _plain(self.old.get(name)) for name in names)

    def of_condition(self, *names: str) -> bool:
        return any(condition_is(self.new, name) != condition_is(self.old, name) for name in names)


def _plain(value: Any) -> Any:
    """Absent and empty are equal but for 0, which says more than nothing."""
    return None if value in ("", {}, []) else value


def _validate_uncounted(status: Mapping[str, Any]) -> Iterator[Problem]:
    seen: set[str] = set()
    for name in ("succeeded", "failed"):
        for index, uid in enumerate((status.get("uncountedTerminatedPods") or {}).get(name) or ()):
            path = f"status.uncountedTerminatedPods.{name}[{index}]"
            if not uid:
                yield invalid(path, uid, "must not be empty")
            elif uid in seen:
                yield duplicate(path, uid)
            seen.add(uid)


def _validate_end(job: Object, change: _Change) -> Iterator[Problem]:
    """The terminal conditions among each other, and the interim conditions before them."""
    status = change.new
    complete, failed = condition_is(status, "Complete"), condition_is(status, "Failed")
    target, met = condition_is(status, "FailureTarget"), condition_is(status, "SuccessCriteriaMet")
    if change.of_condition("Complete", "Failed") and complete and failed:
        yield bare(_CONDITIONS, "cannot set Complete=True and Failed=true conditions")
    if change.of_condition("Complete", "FailureTarget") and complete and target:
        yield bare(_CONDITIONS, "cannot set Complete=True and FailureTarget=true conditions")
    if (change.of_condition("Failed") or change.of("failedIndexes")) and failed and not target:
        yield bare(_CONDITIONS, "cannot set Failed=True condition without the FailureTarget=true condition")
    if change.of_condition("Complete", "SuccessCriteriaMet") and complete and not met:
        yield bare(_CONDITIONS, "cannot set Complete=True condition without the SuccessCriteriaMet=true condition")


def _validate_times(status: Object, before: Object, change: _Change) -> Iterator[Problem]:
    complete = condition_is(status, "Complete")
    started, completed = status.get("startTime"), status.get("completionTime")
    if change.of_condition("Complete") or change.of("completionTime"):
        if completed and not complete:
            detail = "cannot set completionTime when there is no Complete=True condition"
            yield invalid("status.completionTime", completed, detail)
        if complete and not completed:
            yield required("status.completionTime", "completionTime is required for Complete jobs")
    moved = change.of("startTime", "completionTime")
    if moved and started and completed and parse_time(completed) < parse_time(started):
        yield invalid("status.completionTime", completed, "must be equal to or after `startTime`")
    if completed and before.get("completionTime") not in (None, completed):
        yield invalid("status.completionTime", completed, "field is immutable")


def _validate_finished(job: Object, change: _Change) -> Iterator[Problem]:
    """What a finished Job may not have any more."""
    status, spec = change.new, job["spec"]
    if not is_finished(job):
        return
    if (change.finished or change.of("active")) and (status.get("active") or 0) > 0:
        yield invalid("status.active", status["active"], "active>0 is invalid for finished job")
    empty = bool(spec.get("suspend")) and spec.get("completions") == 0
    if (change.finished or change.of("startTime")) and not empty and not status.get("startTime"):
        yield required("status.startTime", "startTime is required for finished job")
    if change.finished or change.of("uncountedTerminatedPods"):
        uncounted = status.get("uncountedTerminatedPods") or {}
        if any(uncounted.values()):
            yield invalid("status.uncountedTerminatedPods", uncounted, "must be empty for finished job")
    if (change.finished or change.of("terminating")) and (status.get("terminating") or 0) > 0:
        yield invalid("status.terminating", status["terminating"], "terminating>0 is invalid for finished job")


def _validate_indexes(job: Object, change: _Change) -> Iterator[Problem]:
    status, spec = change.new, job["spec"]
    completions, by_index = spec.get("completions"), spec.get("backoffLimitPerIndex") is not None
    completed, failed = status.get("completedIndexes") or "", status.get("failedIndexes")
    if change.of("completedIndexes"):
        if completions is not None:
            yield from _validate_text("completedIndexes", completed, completions)
        if completed and not is_indexed(job):
            detail = "cannot set non-empty completedIndexes when non-indexed completion mode"
            yield invalid("status.completedIndexes", completed, detail)
    if change.of("failedIndexes") and failed is not None:
        if completions is not None and by_index:
            yield from _validate_text("failedIndexes", failed, completions)
        if not by_index:
            detail = "cannot set non-null failedIndexes when backoffLimitPerIndex is null"
            yield invalid("status.failedIndexes", failed, detail)
    if change.of("failedIndexes", "completedIndexes") and failed and completions is not None:
        common = overlap(completed, failed, completions)
        if common is not None:
            detail = f"failedIndexes and completedIndexes overlap at index: {common}"
            yield invalid("status.failedIndexes", failed, detail)


def _validate_text(name: str, text: str, completions: int) -> Iterator[Problem]:
    try:
        checked(text, completions)
    except ValueError as error:
        yield invalid(f"status.{name}", text, f"error parsing {name}: {error}")


def _validate_agreement(job: Object) -> Iterator[Problem]:
    """SuccessCriteriaMet and the others; these rules always count."""
    status = job.get("status") or {}
    met = condition_is(status, "SuccessCriteriaMet")
    if met and condition_is(status, "Failed"):
        yield bare(_CONDITIONS, "cannot set SuccessCriteriaMet=True and Failed=true conditions")
    if met and condition_is(status, "FailureTarget"):
        yield bare(_CONDITIONS, "cannot set SuccessCriteriaMet=True and FailureTarget=true conditions")
    if job["spec"].get("successPolicy") is not None and not met and condition_is(status, "Complete"):
        detail = "cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True"
        yield bare(_CONDITIONS, detail)


def _validate_progress(new: Object, old: Object) -> Iterator[Problem]:
    """What does not go back."""
    status, before, spec = new.get("status") or {}, old.get("status") or {}, new["spec"]
    for name in ("Failed", "Complete", "FailureTarget"):
        if condition_is(before, name) and not condition_is(status, name):
            yield bare(_CONDITIONS, f"cannot disable the terminal {name}=True condition")
    if (status.get("failed") or 0) < (before.get("failed") or 0):
        yield invalid("status.failed", status.get("failed") or 0, "cannot decrease the failed counter")
    elastic = is_indexed(new) and spec.get("completions") == spec.get("parallelism")
    if not elastic and (status.get("succeeded") or 0) < (before.get("succeeded") or 0):
        yield invalid("status.succeeded", status.get("succeeded") or 0, "cannot decrease the succeeded counter")
    resumed = (get_condition(status, "Suspended") or {}).get("status") == "False"
    started, was = status.get("startTime"), before.get("startTime")
    if was and started != was and not spec.get("suspend") and not (condition_is(before, "Suspended") and resumed):
        yield invalid("status.startTime", started, "field is immutable for unsuspended job once set")
    met, had = condition_is(status, "SuccessCriteriaMet"), condition_is(before, "SuccessCriteriaMet")
    if had and not met:
        yield bare(_CONDITIONS, "cannot disable the SuccessCriteriaMet=True condition")
    if condition_is(before, "Complete") and not had and met:
        detail = "cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions"
        yield bare(_CONDITIONS, detail)
