"""The status of a Job that runs in several clusters. Source: Karmada's built-in interpreter (meaning). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sampan.contracts.kinds import Object
from sampan_federation.interpreter.reading import LARGEST, count, items, mapping, text


def aggregate_job(obj: Object, reported: Sequence[Object], now: str) -> Object:
    """Complete when all clusters are, Failed when one is. A finished Job's status stays as it is."""
    old = mapping(obj, "status")
    if is_true(old, "Complete") or is_true(old, "Failed"):
        return dict(old)
    statuses = [mapping(each, "status") for each in reported]
    new: Object = {
        name: min(total, LARGEST)
        for name in ("active", "succeeded", "failed")
        if (total := sum(count(status, name) for status in statuses))
    }
    conditions = list(_conditions(reported, now))
    if conditions:
        new["conditions"] = conditions
    starts = [start for status in statuses if (start := text(status, "startTime"))]
    ends = [end for status in statuses if (end := text(status, "completionTime"))]
    if text(old, "startTime"):
        new["startTime"] = text(old, "startTime")
    elif starts and len(starts) == len(statuses):
        new["startTime"] = min(starts)
    if ends and len(ends) == len(statuses):
        new["completionTime"] = max(ends)
    return new


def _conditions(reported: Sequence[Object], now: str) -> Iterable[Object]:
    failed = [str(each.get("clusterName")) for each in reported if is_true(each.get("status"), "Failed")]
    if failed:
        yield _condition("Failed", "JobFailed", f"the Job has failed in {', '.join(failed)}", now)
    if not reported:
        return
    if all(is_true(each.get("status"), "Complete") for each in reported):
        # Before Complete, as Kubernetes requires since 1.31 (KEP-3998).
        if all(is_true(each.get("status"), "SuccessCriteriaMet") for each in reported):
            yield _condition("SuccessCriteriaMet", "CompletionsReached", "all clusters have met their criteria", now)
        yield _condition("Complete", "Completed", "the Job is complete in all clusters", now)


def _condition(type: str, reason: str, message: str, now: str) -> Object:
    times = {"lastProbeTime": now, "lastTransitionTime": now}
    return {"type": type, "status": "True", "reason": reason, "message": message, **times}


def is_true(status: Any, type: str) -> bool:
    conditions = items(status, "conditions")
    return any(text(each, "type") == type and text(each, "status") == "True" for each in conditions)
