"""What a Job decides: pods to create and to delete, and its status. Pure.

One decision writes the status at most once: the next one is made when the informers show it. Source: the behaviour of
upstream's job controller, conformance 4.5.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sampan.contracts.kinds import Object
from sampan.contracts.reconciling import Action, Create, Emit, Key, Observed, Remove, Requeue, Update
from sampan.errors import StatusError
from sampan_batch.backoff import wait_for_index, wait_for_job
from sampan_batch.endings import COMPLETED, Ending, condition, deadline_in, ending_of, is_complete, is_finished
from sampan_batch.indexes import Indexes
from sampan_batch.pods import (
    NO_INDEX,
    TRACKING,
    index_of,
    is_indexed,
    limits_indexes,
    new_pod,
    replaces_only_failed,
    uncounted,
)
from sampan_batch.state import JobState, state_of
from sampan_batch.surplus import surplus
from sampan_batch.tracking import count
from sampan_machinery.metadata import controller_of, copy, get_condition, is_deleting, labels_of, now_text
from sampan_machinery.resources import JOBS, PODS
from sampan_machinery.selectors import from_object
from sampan_podspec.adoption import adopt_and_release
from sampan_podspec.states import is_terminating, ready_since

OURS = "kubernetes.io/job-controller"
_BURST = 500  # pods created or deleted in one decision
_SOON = 1.0  # seconds: the least time until a Job that waits is looked at again


def is_ours(job: Object) -> bool:
    """Whether no other controller manages the Job (managedBy)."""
    return job["spec"].get("managedBy") in (None, OURS)


def decide(key: Key, observed: Observed) -> list[Action]:
    job = observed.get(JOBS, key.name, key.namespace)
    if job is None or not is_ours(job) or is_finished(job):
        return []
    pods, adoptions = adopt_and_release(job, PODS, observed, finalizer=TRACKING)
    if adoptions:
        return adoptions  # decided again with what they have changed
    state = state_of(job, pods, observed.now)
    ending = ending_of(state)
    if ending is not None:
        removed = [_remove(state, pod) for pod in state.active]
        return [*removed, *_report(_without(state, state.active), ending)]
    if is_deleting(job):
        return _report(state, COMPLETED if is_complete(state, len(state.active)) else None)
    return _manage(state, observed)


def keys_of_pod(pod: Object, observed: Observed) -> Iterable[Key]:
    """The pod's Job; for an orphan the Jobs that may adopt it. Finished Jobs, of which a namespace may keep many, have
    no say."""
    controller, namespace = controller_of(pod), pod["metadata"].get("namespace", "")
    if controller is not None:
        ours = controller.get("kind") == JOBS.kind and controller.get("apiVersion") == JOBS.api_version
        return (Key(namespace, controller["name"]),) if ours else ()
    labels = labels_of(pod)
    return [
        Key(namespace, job["metadata"]["name"])
        for job in observed.list(JOBS, namespace)
        if not is_finished(job) and from_object(job["spec"].get("selector")).matches(labels)
    ]


# -- the number of pods


def _manage(state: JobState, observed: Observed) -> list[Action]:
    wanted = 0 if state.suspended else _wanted(state)
    too_many = surplus(state.job, state.active, max(0, len(state.active) - wanted))[:_BURST]
    if too_many:
        removed = [action for pod in too_many for action in (uncounted(pod), _remove(state, pod))]
        return [*removed, *_conclude(_without(state, too_many))]
    lingering = state.terminating if replaces_only_failed(state.job) else 0
    missing = wanted - len(state.active) - lingering
    if missing > 0:
        return _grow(state, min(missing, _BURST), observed)
    return _conclude(state)


def _wanted(state: JobState) -> int:
    """Pods that shall be active: no more than completions are left."""
    parallelism: int = state.job["spec"].get("parallelism", 1)
    completions: int | None = state.job["spec"].get("completions")
    if completions is None:
        return len(state.active) if state.succeeded else parallelism
    return max(0, min(parallelism, completions - state.succeeded))


def _grow(state: JobState, missing: int, observed: Observed) -> list[Action]:
    indexes = [NO_INDEX] * missing
    wait = 0.0 if limits_indexes(state.job) else wait_for_job(state.job, state.pods, state.now)
    if is_indexed(state.job):
        indexes = _pending(state, missing)
    if limits_indexes(state.job):
        waits = {index: wait_for_index(state.replaced.get(index), state.now) for index in indexes}
        indexes = [index for index in indexes if not waits[index]]
        wait = min((each for each in waits.values() if each), default=0.0)
        if indexes and wait:  # the others wait on their own account
            return [*_create(state, indexes, observed), Requeue(max(wait, _SOON))]
    if wait:
        return [*_conclude(state), Requeue(max(wait, _SOON))]
    return _create(state, indexes, observed)


def _pending(state: JobState, missing: int) -> list[int]:
    """The first indexes that have neither ended nor an active pod."""
    taken = [pod for pod in state.pods if is_terminating(pod)] if replaces_only_failed(state.job) else []
    busy = Indexes.of(index for index in map(index_of, (*state.active, *taken)) if index >= 0)
    busy = busy | state.succeeded_indexes | (state.failed_indexes or Indexes())
    return busy.missing(state.job["spec"].get("completions") or 0, missing)


def _create(state: JobState, indexes: Sequence[int], observed: Observed) -> list[Action]:
    """Creates go one after the other and end with the first refusal, which reports those that were made until then."""

    def after(made: int) -> list[Action]:
        return _conclude(state, len(state.active) + made)

    def create(place: int, index: int) -> Create:
        def refused(error: StatusError) -> list[Action]:
            return after(place)

        pod = new_pod(state.job, observed.name_suffix(), index, state.replaced.get(index))
        return Create(PODS, pod, event_on=state.job, on_failure=refused)

    return [*(create(place, index) for place, index in enumerate(indexes)), *after(len(indexes))]


def _remove(state: JobState, pod: Object) -> Remove:
    meta = pod["metadata"]
    return Remove(PODS, meta["name"], meta["namespace"], uid=meta["uid"], event_on=state.job)


def _without(state: JobState, removed: Sequence[Object]) -> JobState:
    """The state once these active pods are being deleted."""
    gone = {pod["metadata"]["uid"] for pod in removed}
    return replace(
        state,
        active=[pod for pod in state.active if pod["metadata"]["uid"] not in gone],
        terminating=state.terminating + len(removed),
        ready=state.ready - sum(ready_since(pod) is not None for pod in removed),
    )


# -- status


def _conclude(state: JobState, active: int | None = None) -> list[Action]:
    """The status of a Job that nothing has ended before its pods were looked at."""
    number = len(state.active) if active is None else active
    if is_complete(state, number):
        return _report(state, COMPLETED, number)
    job, now = state.job, state.now
    status: Object = copy(job.get("status") or {})
    word = "suspended" if state.suspended else "resumed"
    known = get_condition(status, "Suspended")
    wanted = "True" if state.suspended else "False"
    changed = condition("Suspended", wanted, f"Job{word.capitalize()}", f"Job {word}", now)
    events: list[Action] = []
    if (known is None and state.suspended) or (known is not None and _differ(known, changed)):
        _put(status, changed)
        events.append(Emit(job, "Normal", word.capitalize(), f"Job {word}"))
        status.pop("startTime", None)
    return [*_report(replace(state, job={**job, "status": status}), None, number, before=job), *events]


def _differ(known: Object, changed: Object) -> bool:
    return any(known.get(name) != changed[name] for name in ("status", "reason", "message"))


def _report(
    state: JobState, ending: Ending | None, active: int | None = None, *, before: Object | None = None
) -> list[Action]:
    """The status, the finalizers that may go once it is written, and when to look again. ``before``: the Job as it is
    stored, where ``state`` has a changed status already."""
    job = state.job
    status: Object = copy(job.get("status") or {})
    if not status.get("startTime") and not state.suspended:
        status["startTime"] = now_text(state.now)
    number = len(state.active) if active is None else active
    if number:
        status["active"] = number
    else:
        status.pop("active", None)
    status["ready"], status["terminating"] = state.ready, state.terminating
    counted = count(state, status, ending)
    events = _end(state, status, ending, bool(counted.counted)) if ending else []
    stored = before or job
    actions: list[Action] = []
    if status != (stored.get("status") or {}):
        actions.append(Update(JOBS, {**stored, "status": status}, "status"))
    actions += [*events, *map(uncounted, counted.counted)]
    left = deadline_in(replace(state, job={**job, "status": status})) if ending is None else None
    return [*actions, *([Requeue(max(left, 0.0))] if left is not None else [])]


def _end(state: JobState, status: Object, ending: Ending, counting: bool) -> list[Action]:
    """Sets the interim condition; the terminal one when it was set before and no pod is left to end or to count."""
    job, now = state.job, state.now
    if get_condition(status, ending.interim) is None:
        _put(status, condition(ending.interim, "True", ending.reason, ending.message, now))
        return []
    if counting or status["uncountedTerminatedPods"] or state.terminating or status.get("active"):
        return []
    _put(status, condition(ending.terminal, "True", ending.reason, ending.message, now))
    if ending.fails:
        return [Emit(job, "Warning", ending.reason, ending.message)]
    status["completionTime"] = now_text(now)
    completed = Emit(job, "Normal", "Completed", "Job completed")
    completions = job["spec"].get("completions")
    if completions is not None and (status.get("succeeded") or 0) > completions:
        text = "Too many succeeded pods running after completion count reached"
        return [Emit(job, "Warning", "TooManySucceededPods", text), completed]
    return [completed]


def _put(status: Object, changed: Object) -> None:
    """Replaces the condition of the same type, or adds it."""
    conditions = status.setdefault("conditions", [])
    for place, known in enumerate(conditions):
        if known.get("type") == changed["type"]:
            conditions[place] = changed
            return
    conditions.append(changed)
