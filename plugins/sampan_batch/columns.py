"""The printed columns of Jobs and CronJobs. Source: upstream's printers."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from sampan.contracts.kinds import Column, Object
from sampan_machinery.columns import AGE, NAME
from sampan_machinery.metadata import condition_is, get_path, is_deleting, parse_time
from sampan_machinery.selectors import from_object
from sampan_machinery.tables import human_duration

_CONDITIONS = ("Suspended", "FailureTarget", "SuccessCriteriaMet")
_JOB_TEMPLATE = ("spec", "template", "spec", "containers")
_CRON_TEMPLATE = ("spec", "jobTemplate", *_JOB_TEMPLATE)


def job_columns(clock: Callable[[], float] = time.time) -> tuple[Column, ...]:
    """``clock`` says how long a Job has been running."""
    return (
        NAME,
        Column("Status", _status, description="Status of the job."),
        Column("Completions", _completions, description="The number of pods which reached phase Succeeded."),
        Column("Duration", lambda job: _duration(job, clock), description="Time required to complete the job."),
        AGE,
        *_wide(_JOB_TEMPLATE, ("spec", "selector")),
    )


def cron_job_columns(clock: Callable[[], float] = time.time) -> tuple[Column, ...]:
    return (
        NAME,
        Column("Schedule", lambda obj: obj["spec"].get("schedule", ""), description="The schedule in Cron format."),
        Column("Timezone", lambda obj: obj["spec"].get("timeZone") or "<none>", description="The time zone name."),
        Column(
            "Suspend", lambda obj: str(bool(obj["spec"].get("suspend"))), type="boolean",
            description="Whether subsequent executions are suspended.",
        ),
        Column(
            "Active", lambda obj: len(get_path(obj, "status", "active", default=())), type="integer",
            description="Currently running jobs.",
        ),
        Column(
            "Last Schedule", lambda obj: _since(get_path(obj, "status", "lastScheduleTime"), clock),
            description="When a job was last scheduled.",
        ),
        AGE,
        *_wide(_CRON_TEMPLATE, ("spec", "jobTemplate", "spec", "selector")),
    )  # fmt: skip


def _wide(containers: tuple[str, ...], selector: tuple[str, ...]) -> tuple[Column, ...]:
    def names(key: str) -> Callable[[Object], str]:
        return lambda obj: ",".join(str(each.get(key, "")) for each in get_path(obj, *containers, default=()))

    def selected(obj: Object) -> str:
        found: Any = get_path(obj, *selector)
        return "<none>" if found is None else str(from_object(found)) or "<none>"

    return (
        Column("Containers", names("name"), priority=1, description="Names of each container in the template."),
        Column(
            "Images", names("image"), priority=1, description="Images referenced by each container in the template."
        ),
        Column("Selector", selected, priority=1, description="A label query over pods."),
    )


def _status(job: Object) -> str:
    status = job.get("status")
    for name in ("Complete", "Failed"):
        if condition_is(status, name):
            return name
    if is_deleting(job):
        return "Terminating"
    return next((name for name in _CONDITIONS if condition_is(status, name)), "Running")


def _completions(job: Object) -> str:
    succeeded = get_path(job, "status", "succeeded", default=0)
    completions = job["spec"].get("completions")
    if completions is not None:
        return f"{succeeded}/{completions}"
    parallelism = job["spec"].get("parallelism") or 0
    return f"{succeeded}/1 of {parallelism}" if parallelism > 1 else f"{succeeded}/1"


def _duration(job: Object, clock: Callable[[], float]) -> str:
    started, ended = get_path(job, "status", "startTime"), get_path(job, "status", "completionTime")
    if not started:
        return ""
    return human_duration((parse_time(ended) if ended else clock()) - parse_time(started))


def _since(text: str | None, clock: Callable[[], float]) -> str:
    return human_duration(clock() - parse_time(text)) if text else "<none>"
