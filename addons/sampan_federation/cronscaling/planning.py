"""Which rules of a CronFederatedHPA are due, and what its status says. Pure: times are Unix seconds, and passed in.

The next time of each rule is in the status, so one that comes while the add-on is stopped is made when it starts again:
the newest of each rule, rules in the order of their times. (Karmada counts from its start, and forgets them.)
Source: Karmada v1.19, API reference of autoscaling.karmada.io/v1alpha1 and what its controller writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sampan.contracts.kinds import Object
from sampan.errors import StatusError
from sampan_machinery.metadata import copy, now_text, parse_time
from sampan_machinery.schedules import Interval, Schedule, parse

LIMIT = 3  # of executions kept of each rule and outcome, where the rule does not say
MOST_WORDS = 1024  # of a failure's message
Rule = Mapping[str, Any]


class Due(NamedTuple):
    """A rule that has to be executed now."""

    rule: Rule
    scheduled: float


class Plan(NamedTuple):
    """``histories``: status.executionHistories, with the times after ``due``."""

    histories: list[Object]
    due: list[Due]  # in the order of their times
    problems: list[str]  # rules that cannot be followed
    wake: float | None  # the next time of any rule


def plan(rules: Sequence[Rule], histories: Sequence[Object], now: float) -> Plan:
    """Of the rules as they are now, and the histories as they were written last. A rule that is gone loses its history;
    one that is suspended has no next time."""
    known = {each.get("ruleName", ""): each for each in histories}
    order = [name for name in known if any(rule["name"] == name for rule in rules)]
    order += [rule["name"] for rule in rules if rule["name"] not in known]
    by_name = {rule["name"]: rule for rule in rules}
    found = Plan([], [], [], None)
    wake: list[float] = []
    for name in order:
        rule = by_name[name]
        history, due, following, problem = _followed(rule, known.get(name) or {}, now)
        found.histories.append(history)
        found.due.extend(due)
        found.problems.extend([problem] if problem else [])
        wake.extend([following] if following is not None else [])
    return found._replace(due=sorted(found.due, key=lambda each: each.scheduled), wake=min(wake, default=None))


def record(histories: Iterable[Object], due: Due, at: float, *, error: str = "") -> None:
    """Enter into its rule's history that a rule was executed ``at``; ``error``: why that failed."""
    history = next(each for each in histories if each["ruleName"] == due.rule["name"])
    entry: Object = {"scheduleTime": now_text(due.scheduled), "executionTime": now_text(at)}
    if error:
        field = "failedExecutions"
        entry["message"] = error[:MOST_WORDS]
    else:
        field = "successfulExecutions"
        for what in ("Replicas", "MinReplicas", "MaxReplicas"):
            if due.rule.get(f"target{what}") is not None:
                entry[f"applied{what}"] = due.rule[f"target{what}"]
    history[field] = [entry, *(history.get(field) or ())]
    _trim(history, due.rule)


def _followed(rule: Rule, known: Object, now: float) -> tuple[Object, list[Due], float | None, str]:
    """(history, executions that are due: at most one, the next time, what is wrong with the rule)."""
    history = {"ruleName": rule["name"], **copy(known)}
    stored = history.pop("nextExecutionTime", None)
    _trim(history, rule)
    if rule.get("suspend"):
        return history, [], None, ""
    try:
        schedule = parse(rule["schedule"], rule.get("timeZone") or "")
    except ValueError as error:
        return history, [], None, f"rule {rule['name']} cannot be followed: {error}"
    at = _planned(stored, schedule)
    due: list[Due] = []
    if at is not None and at <= now:
        due = [Due(rule, _newest(schedule, at, now))]
    following = schedule.next(now) if at is None or at <= now else at
    if following is None:
        return history, due, None, f"rule {rule['name']} cannot be followed: {rule['schedule']} is never"
    history["nextExecutionTime"] = now_text(following)
    return history, due, following, ""


def _planned(stored: Any, schedule: Schedule) -> float | None:
    """The next time as it was written, None where the schedule is another by now, or there is none."""
    try:
        at = parse_time(str(stored))
    except StatusError:
        return None
    return at if isinstance(schedule, Interval) or schedule.next(at - 1) == at else None


def _newest(schedule: Schedule, at: float, now: float) -> float:
    """The last time of the schedule that is not later than now; looked for in halves, as there may be very many."""
    if isinstance(schedule, Interval):
        return at + (now - at) // schedule.seconds * schedule.seconds
    least, most = at, now
    while most - least > 1:
        middle = (least + most) / 2
        following = schedule.next(middle)
        if following is not None and following <= now:
            least = following
        else:
            most = middle
    return least


def _trim(history: Object, rule: Rule) -> None:
    for field, said in (("successfulExecutions", "successfulHistoryLimit"), ("failedExecutions", "failedHistoryLimit")):
        limit = rule.get(said)
        kept = (history.get(field) or [])[: LIMIT if limit is None else int(limit)]
        if kept:
            history[field] = kept
        else:
            history.pop(field, None)
