"""When a CronJob is due: the newest start that is not made yet, and how long until the next. Pure.

Source: the behaviour of upstream's cronjob controller: of several missed starts only the newest is made, and
startingDeadlineSeconds limits how far back is looked.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from sampan.contracts.kinds import Object
from sampan_machinery.metadata import get_path, parse_time
from sampan_machinery.schedules import Schedule

_MANY = 100
_DELTA = 0.1  # seconds after the start, so that a clock that is a little behind does not wake too early


class Due(NamedTuple):
    """``at`` is the start to be made, None where there is none."""

    since: float
    at: float | None = None
    missed: int = 0
    problem: str = ""

    @property
    def too_many(self) -> bool:
        return self.missed > _MANY


def due(cron_job: Object, schedule: Schedule, now: float, *, within_deadline: bool = True) -> Due:
    since = parse_time(
        get_path(cron_job, "status", "lastScheduleTime") or cron_job["metadata"].get("creationTimestamp")
    )
    deadline = cron_job["spec"].get("startingDeadlineSeconds")
    if within_deadline and deadline is not None:
        since = max(since, now - deadline)
    first = schedule.next(since)
    second = schedule.next(first) if first is not None else None
    if first is None or second is None:
        return Due(since, problem="time difference between two schedules is less than 1 second")
    if now < first:
        return Due(since)
    if now < second:
        return Due(since, first)
    between = max(1, round(second - first))
    missed = int((now - first) // between) + 1
    # Two intervals back, as they need not be alike (30 6-16/4 * * 1-5): from there the schedule is followed exactly.
    newest = None
    at = schedule.next(first + (missed - 2) * between)
    while at is not None and at <= now:
        newest, at = at, schedule.next(at)
    return Due(since, newest, missed)


def next_in(cron_job: Object, schedule: Schedule, now: float) -> float | None:
    """Seconds until the next start; None where there will be none."""
    found = due(cron_job, schedule, now, within_deadline=False)
    if found.problem:
        after = now
    elif found.at is not None:
        after = found.at
    else:
        after = now if found.missed else found.since
    following = schedule.next(after)
    return None if following is None else max(0.0, following + _DELTA - now)


def name_of(cron_job: Object, at: float) -> str:
    """The name of the Job that starts then. It depends on nothing else, so no start is made twice."""
    return f"{cron_job['metadata']['name']}-{math.floor(at) // 60}"
