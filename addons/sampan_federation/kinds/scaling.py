"""The kinds of scaling across clusters: FederatedHPA and CronFederatedHPA."""

from __future__ import annotations

from sampan_federation.kinds.definitions import AGE, Definition, Printed
from sampan_federation.kinds.schemas import Schema, anything, checked, flag, integer, many, moment, record, text
from sampan_federation.resources import CRON_FEDERATED_HPAS, FEDERATED_HPAS

#: Bounds that Karmada's kind has not: without them the cost of the rules below cannot be estimated.
MOST_RULES, LONGEST_SCHEDULE = 100, 128


def _target() -> Schema:
    return record({"apiVersion": text(), "kind": text(), "name": text()}, ("kind", "name"))


def _autoscaler() -> Schema:
    return record(
        {
            "scaleTargetRef": _target(),
            "minReplicas": integer(0),
            "maxReplicas": integer(1),
            "metrics": many(anything()),
            "behavior": anything(),
        },
        ("scaleTargetRef", "maxReplicas"),
    )


def _values(value: str) -> str:
    """Of one field of a schedule: values, ranges, stars, each perhaps with a step."""
    span = f"([*?]|({value})(-({value}))?)(/0*[1-9][0-9]*)?"
    return f"{span}(,{span})*"


def schedule_pattern() -> str:
    """What a schedule looks like: five fields, or a descriptor. Source: the standard parser of robfig/cron v3."""
    months = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
    fields = (
        "0*[0-5]?[0-9]", "0*(1?[0-9]|2[0-3])", "0*([1-9]|[12][0-9]|3[01])", f"0*([1-9]|1[0-2])|{months}",
        "0*[0-6]|sun|mon|tue|wed|thu|fri|sat",
    )  # fmt: skip
    descriptors = "@(yearly|annually|monthly|weekly|daily|midnight|hourly)"
    return f"(?i)^({' +'.join(_values(each) for each in fields)}|{descriptors}|@every [-+0-9.a-z]+)$"


def _rule() -> Schema:
    schedule = text(maxLength=LONGEST_SCHEDULE)
    return record(
        {
            "name": text(minLength=1, maxLength=32),
            "schedule": checked(schedule, (f"self.matches('{schedule_pattern()}')", "invalid cron format", "")),
            "targetReplicas": integer(),
            "targetMinReplicas": integer(),
            "targetMaxReplicas": integer(),
            "suspend": {**flag(), "default": False},
            "timeZone": text(maxLength=64, pattern="^[A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$"),
            "successfulHistoryLimit": integer(1, maximum=32, default=3),
            "failedHistoryLimit": integer(0, maximum=32, default=3),
        },
        ("name", "schedule"),
    )


def _cron() -> Schema:
    version = "self.scaleTargetRef.apiVersion"
    of_ours = f"has({version}) && {version} == '{FEDERATED_HPAS.api_version}'"
    autoscaler, workload = f"!({of_ours}) || self.rules.all(r, %s)", f"({of_ours}) || self.rules.all(r, %s)"
    spec = record(
        {"scaleTargetRef": _target(), "rules": many(_rule(), keys=["name"], maxItems=MOST_RULES)},
        ("scaleTargetRef", "rules"),
    )
    return checked(
        spec,
        (
            f"!({of_ours}) || self.scaleTargetRef.kind == 'FederatedHPA'",
            "invalid scaleTargetRef kind, only support FederatedHPA", ".scaleTargetRef.kind",
        ),
        (
            autoscaler % "has(r.targetMinReplicas) || has(r.targetMaxReplicas)",
            "targetMinReplicas and targetMaxReplicas cannot be nil at the same time if you want to scale FederatedHPA",
            ".rules",
        ),
        (
            autoscaler % "!has(r.targetMinReplicas) || r.targetMinReplicas > 0",
            "targetMinReplicas should be larger than 0", ".rules",
        ),
        (
            autoscaler % "!has(r.targetMaxReplicas) || r.targetMaxReplicas > 0",
            "targetMaxReplicas should be larger than 0", ".rules",
        ),
        (
            autoscaler % "!has(r.targetMinReplicas) || !has(r.targetMaxReplicas)"
            " || r.targetMinReplicas <= r.targetMaxReplicas",
            "targetMaxReplicas should be larger than or equal to targetMinReplicas", ".rules",
        ),
        (
            workload % "has(r.targetReplicas)",
            "targetReplicas cannot be nil if you want to scale what is no FederatedHPA", ".rules",
        ),
        (
            workload % "!has(r.targetReplicas) || r.targetReplicas >= 0",
            "targetReplicas should be larger than or equal to 0", ".rules",
        ),
    )  # fmt: skip


def _cron_status() -> Schema:
    times = {"scheduleTime": moment(), "executionTime": moment()}
    applied = {f"applied{what}": integer() for what in ("Replicas", "MinReplicas", "MaxReplicas")}
    history = record(
        {
            "ruleName": text(),
            "nextExecutionTime": moment(),
            "successfulExecutions": many(record({**times, **applied}, tuple(times))),
            "failedExecutions": many(record({**times, "message": text()}, (*times, "message"))),
        },
        ("ruleName",),
    )
    return record({"executionHistories": many(history)})


_REFERENCE = (
    Printed("REFERENCE-KIND", ".spec.scaleTargetRef.kind"),
    Printed("REFERENCE-NAME", ".spec.scaleTargetRef.name"),
)

DEFINITIONS = (
    Definition(
        resource=FEDERATED_HPAS, spec=_autoscaler(), status=anything(), short=("fhpa",),
        columns=(
            *_REFERENCE,
            Printed("MINPODS", ".spec.minReplicas", "integer"),
            Printed("MAXPODS", ".spec.maxReplicas", "integer"),
            Printed("REPLICAS", ".status.currentReplicas", "integer"),
            AGE,
        ),
    ),
    Definition(
        resource=CRON_FEDERATED_HPAS, spec=_cron(), status=_cron_status(), short=("cronfhpa",),
        columns=(*_REFERENCE, AGE),
    ),
)  # fmt: skip
