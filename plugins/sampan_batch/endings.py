"""Whether a Job has reached its end, and why. Pure. Source: the order of upstream's job controller.

The end is written in two steps: an interim condition (FailureTarget, SuccessCriteriaMet) stops the pods, the terminal
one (Failed, Complete) follows when all of them have ended and are counted.
"""

from __future__ import annotations

from typing import NamedTuple

from sampan.contracts.kinds import Object
from sampan_batch.backoff import restarts
from sampan_batch.pods import is_failed
from sampan_batch.policies import match_failure, match_success
from sampan_batch.state import JobState
from sampan_machinery.metadata import condition_is, get_condition, get_path, now_text, parse_time

FAILURE, SUCCESS = "FailureTarget", "SuccessCriteriaMet"
_TERMINAL = {FAILURE: "Failed", SUCCESS: "Complete"}


class Ending(NamedTuple):
    """``interim`` is the condition FailureTarget or SuccessCriteriaMet."""

    interim: str
    reason: str
    message: str

    @property
    def terminal(self) -> str:
        return _TERMINAL[self.interim]

    @property
    def fails(self) -> bool:
        return self.interim == FAILURE


COMPLETED = Ending(SUCCESS, "CompletionsReached", "Reached expected number of succeeded pods")


def is_finished(job: Object) -> bool:
    status = job.get("status")
    return condition_is(status, "Complete") or condition_is(status, "Failed")


def finished_since(job: Object) -> float | None:
    """When the Job's terminal condition was set; None while there is none."""
    for name in ("Complete", "Failed"):
        condition = get_condition(job.get("status"), name) or {}
        if condition.get("status") == "True" and condition.get("lastTransitionTime"):
            return parse_time(condition["lastTransitionTime"])
    return None


def condition(name: str, value: str, reason: str, message: str, now: float) -> Object:
    time = now_text(now)
    return {
        "type": name, "status": value, "lastProbeTime": time, "lastTransitionTime": time, "reason": reason,
        "message": message,
    }  # fmt: skip


def ending_of(state: JobState) -> Ending | None:
    """What ends the Job now, whatever its pods do next; an end that was decided before stays."""
    for name in (SUCCESS, FAILURE):
        known = get_condition(state.job.get("status"), name)
        if known is not None and known.get("status") == "True":
            return Ending(name, known.get("reason", ""), known.get("message", ""))
    return _failed_by_policy(state) or _failed_by_limit(state) or _failed_by_indexes(state) or _succeeded(state)


def _failed_by_policy(state: JobState) -> Ending | None:
    if state.job["spec"].get("podFailurePolicy") is None:
        return None
    messages = (match_failure(state.job, pod).message for pod in state.pods if is_failed(pod, state.job))
    message = next(filter(None, messages), "")
    return Ending(FAILURE, "PodFailurePolicy", message) if message else None


def _failed_by_limit(state: JobState) -> Ending | None:
    limit = state.job["spec"].get("backoffLimit", 6)
    if state.failed > limit or _restarted_too_often(state, limit):
        return Ending(FAILURE, "BackoffLimitExceeded", "Job has reached the specified backoff limit")
    left = deadline_in(state)
    if left is not None and left <= 0:
        return Ending(FAILURE, "DeadlineExceeded", "Job was active longer than specified deadline")
    return None


def _restarted_too_often(state: JobState, limit: int) -> bool:
    if get_path(state.job, "spec", "template", "spec", "restartPolicy") != "OnFailure":
        return False
    return restarts(state.pods) >= max(limit, 1)


def deadline_in(state: JobState) -> float | None:
    """Seconds until activeDeadlineSeconds are over; None without a deadline, and while the Job is suspended."""
    deadline = state.job["spec"].get("activeDeadlineSeconds")
    started = get_path(state.job, "status", "startTime")
    if deadline is None or state.suspended:
        return None
    return float(deadline) - ((state.now - parse_time(started)) if started else 0.0)


def _failed_by_indexes(state: JobState) -> Ending | None:
    failed = state.failed_indexes
    if not failed:
        return None
    spec = state.job["spec"]
    if spec.get("maxFailedIndexes") is not None and len(failed) > spec["maxFailedIndexes"]:
        message = "Job has exceeded the specified maximal number of failed indexes"
        return Ending(FAILURE, "MaxFailedIndexesExceeded", message)
    if len(failed) + len(state.succeeded_indexes) >= (spec.get("completions") or 0):
        return Ending(FAILURE, "FailedIndexes", "Job has failed indexes")
    return None


def _succeeded(state: JobState) -> Ending | None:
    message = match_success(state.job, state.succeeded_indexes)
    return Ending(SUCCESS, "SuccessPolicy", message) if message else None


def is_complete(state: JobState, active: int) -> bool:
    """Whether all completions are reached. Without a number of completions one success is enough, once the other pods
    have ended too."""
    completions = state.job["spec"].get("completions")
    reached = state.succeeded > 0 if completions is None else state.succeeded >= completions
    return reached and active == 0
