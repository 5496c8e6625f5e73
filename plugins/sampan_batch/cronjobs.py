"""What a CronJob decides: which Jobs to create and to delete, and its status. Pure.

A Job that was created is entered into the status by the next decision, which sees it: until then its name, made of the
minute of its start, keeps it from being created twice. Source: the behaviour of upstream's cronjob controller.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from sampan.contracts.kinds import Object
from sampan.contracts.reconciling import Action, Create, Emit, Key, Observed, Remove, Requeue, Update
from sampan.errors import AlreadyExists, StatusError
from sampan_batch.endings import is_finished
from sampan_batch.starts import due, name_of, next_in
from sampan_machinery.metadata import (
    annotations_of,
    condition_is,
    controller_ref,
    copy,
    get_path,
    is_controlled_by,
    is_deleting,
    now_text,
    parse_time,
)
from sampan_machinery.resources import CRON_JOBS, JOBS
from sampan_machinery.schedules import Schedule, parse, zone_of

SCHEDULED = "batch.kubernetes.io/cronjob-scheduled-timestamp"


def decide(key: Key, observed: Observed) -> list[Action]:
    cron_job = observed.get(CRON_JOBS, key.name, key.namespace)
    if cron_job is None:
        return []
    jobs = [job for job in observed.owned(JOBS, cron_job["metadata"]["uid"]) if is_controlled_by(job, cron_job)]
    status: Object = copy(cron_job.get("status") or {})
    events = _note(cron_job, status, jobs)
    actions = _forget_old(cron_job, status, jobs)
    if is_deleting(cron_job):
        return [*actions, *_write(cron_job, status), *events]
    return [*actions, *events, *_start(cron_job, status, jobs, observed)]


# -- what became of the Jobs


def _note(cron_job: Object, status: Object, jobs: Sequence[Object]) -> list[Action]:
    """Brings status.active, lastScheduleTime and lastSuccessfulTime up to what the Jobs show."""
    events: list[Action] = []
    active = {reference.get("uid"): reference for reference in status.get("active") or ()}
    by_uid = {job["metadata"]["uid"]: job for job in jobs}
    for uid, reference in list(active.items()):
        job = by_uid.get(uid)
        if job is None:
            text = f"Active job went missing: {reference.get('name')}"
            events.append(Emit(cron_job, "Normal", "MissingJob", text))
        elif is_finished(job):
            ended = "Complete" if condition_is(job.get("status"), "Complete") else "Failed"
            text = f"Saw completed job: {job['metadata']['name']}, condition: {ended}"
            events.append(Emit(cron_job, "Normal", "SawCompletedJob", text))
        else:
            continue
        del active[uid]
    for job in jobs:
        events += _enter(cron_job, status, active, job)
    _set(status, "active", list(active.values()))
    return events


def _enter(cron_job: Object, status: Object, active: dict[str, Object], job: Object) -> list[Action]:
    scheduled = _scheduled(cron_job, job)
    if scheduled and scheduled > parse_time(status.get("lastScheduleTime") or "1970-01-01T00:00:00Z"):
        status["lastScheduleTime"] = now_text(scheduled)
    if is_finished(job):
        completed = get_path(job, "status", "completionTime", default="")
        if condition_is(job.get("status"), "Complete") and completed:
            last = status.get("lastSuccessfulTime")
            if not last or parse_time(completed) > parse_time(last):
                status["lastSuccessfulTime"] = completed
        return []
    if job["metadata"]["uid"] in active:
        return []
    if scheduled and not is_deleting(job):
        active[job["metadata"]["uid"]] = _reference(job)
        return []
    if is_deleting(job):
        return []
    text = f"Saw a job that the controller did not create or forgot: {job['metadata']['name']}"
    return [Emit(cron_job, "Warning", "UnexpectedJob", text)]


def _scheduled(cron_job: Object, job: Object) -> float | None:
    """The start that the Job was created for; None where a user has created it."""
    try:
        at = parse_time(annotations_of(job).get(SCHEDULED, ""))
    except StatusError:
        return None
    return at if job["metadata"]["name"] == name_of(cron_job, at) else None


def _reference(job: Object) -> Object:
    meta = job["metadata"]
    return {
        "kind": "Job", "namespace": meta["namespace"], "name": meta["name"], "uid": meta["uid"],
        "apiVersion": "batch/v1", "resourceVersion": meta["resourceVersion"],
    }  # fmt: skip


def _forget_old(cron_job: Object, status: Object, jobs: Sequence[Object]) -> list[Action]:
    """Deletes the oldest finished Jobs beyond the history limits."""
    actions: list[Action] = []
    for limit, ended in (("successfulJobsHistoryLimit", "Complete"), ("failedJobsHistoryLimit", "Failed")):
        kept = cron_job["spec"].get(limit)
        if kept is None:
            continue
        finished = [job for job in jobs if condition_is(job.get("status"), ended) and not is_deleting(job)]
        for job in sorted(finished, key=_age)[: max(0, len(finished) - kept)]:
            actions += _remove(cron_job, job)
    return actions


def _age(job: Object) -> tuple[bool, str, str]:
    started = get_path(job, "status", "startTime", default="")
    return not started, started, job["metadata"]["name"]


def _remove(cron_job: Object, job: Object) -> list[Action]:
    meta = job["metadata"]
    removal = Remove(JOBS, meta["name"], meta["namespace"], uid=meta["uid"], propagation="Background")
    return [removal, Emit(cron_job, "Normal", "SuccessfulDelete", f"Deleted job {meta['name']}")]


# -- starting


def _start(cron_job: Object, status: Object, jobs: Sequence[Object], observed: Observed) -> list[Action]:
    spec = cron_job["spec"]
    plain = _write(cron_job, status)
    schedule, problem = _schedule(cron_job)
    if problem is not None:
        return [*plain, problem]
    if spec.get("suspend") or schedule is None:
        return plain
    current = {**cron_job, "status": status}
    found = due(current, schedule, observed.now)
    if found.problem:
        text = f"invalid schedule: {spec['schedule']} : {found.problem}"
        return [*plain, Emit(cron_job, "Warning", "InvalidSchedule", text)]
    wait = next_in(current, schedule, observed.now)
    later: list[Action] = [Requeue(wait)] if wait is not None else []
    if found.at is None:
        return [*plain, *later]
    events: list[Action] = []
    if found.too_many:
        text = "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew"
        events.append(Emit(cron_job, "Warning", "TooManyMissedTimes", text))
    why = _not_now(cron_job, status, found.at, observed)
    if why is not None:
        return [*plain, *events, *why, *later]
    return [*events, *_replace(cron_job, status, jobs), *_create(cron_job, found.at), *later]


def _schedule(cron_job: Object) -> tuple[Schedule | None, Action | None]:
    """The schedule, or the event that says why there is none."""
    spec = cron_job["spec"]
    text, zone = spec["schedule"], spec.get("timeZone") or ""
    try:
        zone_of(zone)
    except ValueError as error:
        return None, Emit(cron_job, "Warning", "UnknownTimeZone", f'invalid timeZone: "{zone}": {error}')
    try:
        return parse(text, zone), None
    except ValueError as error:
        return None, Emit(cron_job, "Warning", "UnparseableSchedule", f'unparseable schedule: "{text}" : {error}')


def _not_now(cron_job: Object, status: Object, at: float, observed: Observed) -> Sequence[Action] | None:
    """None: the start is to be made. Else what to say of it, perhaps nothing."""
    spec = cron_job["spec"]
    deadline = spec.get("startingDeadlineSeconds")
    if deadline is not None and at + deadline < observed.now:
        when = datetime.fromtimestamp(at, UTC).strftime("%a, %d %b %Y %H:%M:%S +0000")
        return [Emit(cron_job, "Warning", "MissSchedule", f"Missed scheduled time to start a job: {when}")]
    last = status.get("lastScheduleTime")
    name = name_of(cron_job, at)
    if (last and parse_time(last) == at) or any(each.get("name") == name for each in status.get("active") or ()):
        return []
    if observed.get(JOBS, name, cron_job["metadata"]["namespace"]) is not None:
        return []  # ours, and entered next time; or another owner has taken the name
    if spec.get("concurrencyPolicy") == "Forbid" and status.get("active"):
        text = "Not starting job because prior execution is running and concurrency policy is Forbid"
        return [Emit(cron_job, "Normal", "JobAlreadyActive", text)]
    return None


def _replace(cron_job: Object, status: Object, jobs: Iterable[Object]) -> list[Action]:
    """Writes the status; where running Jobs are replaced, deletes them and enters that first."""
    if cron_job["spec"].get("concurrencyPolicy") != "Replace":
        return _write(cron_job, status)
    running = {reference.get("uid") for reference in status.get("active") or ()}
    removed = [action for job in jobs if job["metadata"]["uid"] in running for action in _remove(cron_job, job)]
    _set(status, "active", [])
    return [*removed, *_write(cron_job, status)]


def _create(cron_job: Object, at: float) -> list[Action]:
    job = job_of(cron_job, at)
    name = job["metadata"]["name"]

    def refused(error: StatusError) -> list[Action]:
        if isinstance(error, AlreadyExists):
            return []
        return [Emit(cron_job, "Warning", "FailedCreate", f"Error creating job: {error}")]

    created = Emit(cron_job, "Normal", "SuccessfulCreate", f"Created job {name}")
    return [Create(JOBS, job, on_failure=refused), created]


def job_of(cron_job: Object, at: float) -> Object:
    """The Job of one start."""
    template = cron_job["spec"]["jobTemplate"]
    given = template.get("metadata") or {}
    when = datetime.fromtimestamp(at, zone_of(cron_job["spec"].get("timeZone") or "")).isoformat(timespec="seconds")
    metadata: Object = {
        "name": name_of(cron_job, at),
        "namespace": cron_job["metadata"]["namespace"],
        "annotations": {**(given.get("annotations") or {}), SCHEDULED: when.replace("+00:00", "Z")},
        "ownerReferences": [controller_ref(cron_job)],
    }
    if given.get("labels"):
        metadata["labels"] = dict(given["labels"])
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": copy(template["spec"])}


# -- status


def _write(cron_job: Object, status: Object) -> list[Action]:
    if status == (cron_job.get("status") or {}):
        return []
    return [Update(CRON_JOBS, {**cron_job, "status": status}, "status")]


def _set(status: Object, name: str, value: list[Object]) -> None:
    if value:
        status[name] = value
    else:
        status.pop(name, None)
