"""A Job or CronJob that does not run, or has failed. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sampan.contracts.resources import Object
from sampan_explain.causes import Cause
from sampan_explain.objects import Objects
from sampan_explain.subjects import pods, refusals
from sampan_explain.subjects.said import (
    age,
    condition_fact,
    event_fact,
    flag,
    listed,
    namespace_of,
    ref,
    sentence,
    since,
    warnings,
)  # fmt: skip
from sampan_machinery.metadata import condition_is, get_condition, get_path, is_controlled_by
from sampan_machinery.resources import JOBS, PODS

_MOST = 3
_FAILED = {
    "BackoffLimitExceeded": "its pods failed more often than backoffLimit allows",
    "DeadlineExceeded": "it ran longer than activeDeadlineSeconds",
    "PodFailurePolicy": "a pod failed in a way that its podFailurePolicy does not forgive",
    "FailedIndexes": "some of its indexes failed",
    "MaxFailedIndexesExceeded": "more of its indexes failed than maxFailedIndexes allows",
}


def state(obj: Object) -> str:
    status = obj.get("status") or {}
    if obj["kind"] == "CronJob":
        return "suspended" if obj["spec"].get("suspend") else ""
    for kind, word in (("Complete", "complete"), ("Failed", "failed"), ("Suspended", "suspended")):
        if condition_is(status, kind):
            return word
    return f"running, {status.get('active', 0)} active, {status.get('failed', 0)} failed"


def explain(obj: Object, objects: Objects) -> Iterator[Cause]:
    yield from _cron(obj, objects) if obj["kind"] == "CronJob" else _job(obj, objects)


def _job(job: Object, objects: Objects) -> Iterator[Cause]:
    status, name, where = job.get("status") or {}, job["metadata"]["name"], flag(namespace_of(job))
    if condition_is(status, "Complete"):
        return
    failed = get_condition(status, "Failed") or get_condition(status, "FailureTarget")
    own = [pod for pod in objects.list(PODS, namespace_of(job)) if is_controlled_by(pod, job)]
    if failed is not None and failed["status"] == "True":
        why = _FAILED.get(failed.get("reason") or "", "its controller gave it up")
        yield Cause(
            reason=failed.get("reason") or "JobFailed", text=f"It has failed: {why}.",
            facts=(condition_fact(failed), f"status.failed is {status.get('failed', 0)}",
                   f"spec.backoffLimit is {get_path(job, 'spec', 'backoffLimit', default=6)}"),
            commands=(f"kubectl logs job/{name}{where} --all-pods",),
        )  # fmt: skip
    elif job["spec"].get("suspend"):
        yield Cause(
            reason="Suspended", text="It is suspended: no pod is made until it is resumed.",
            facts=("spec.suspend is true",),
            commands=(f"kubectl patch job {name}{where} --type=merge -p '{{\"spec\":{{\"suspend\":false}}}}'",),
        )  # fmt: skip
        return
    elif not own:
        for event in warnings(job, objects, "FailedCreate")[:1]:
            yield from refusals.explain(str(event.get("message")), job, objects, facts=(event_fact(event),))
    for pod in [each for each in own if not condition_is(each.get("status"), "Ready")][:_MOST]:
        for cause in pods.explain(pod, objects):
            if not cause.note:
                yield replace(cause.of(ref(pod)), lines=())


def _cron(cron: Object, objects: Objects) -> Iterator[Cause]:
    spec, status = cron["spec"], cron.get("status") or {}
    name, where = cron["metadata"]["name"], flag(namespace_of(cron))
    if spec.get("suspend"):
        yield Cause(
            reason="Suspended", text="It is suspended: no Job is made until it is resumed.",
            facts=("spec.suspend is true",),
            commands=(f"kubectl patch cronjob {name}{where} --type=merge -p '{{\"spec\":{{\"suspend\":false}}}}'",),
        )  # fmt: skip
    for event in warnings(
        cron, objects, "UnparseableSchedule", "InvalidSchedule", "UnknownTimeZone", "TooManyMissedTimes", "MissSchedule"
    )[:1]:
        yield Cause(
            reason=event["reason"], text=f"Its schedule was not kept: {sentence(event.get('message'))}",
            facts=(event_fact(event), f"spec.schedule is {spec.get('schedule')}"),
            commands=(f"kubectl edit cronjob {name}{where}",),
        )  # fmt: skip
    for event in warnings(cron, objects, "FailedCreate")[:1]:
        yield from refusals.explain(str(event.get("message")), cron, objects, facts=(event_fact(event),))
    jobs = [job for job in objects.list(JOBS, namespace_of(cron)) if is_controlled_by(job, cron)]
    active = [job for job in jobs if state(job).startswith("running")]
    policy = spec.get("concurrencyPolicy") or "Allow"
    if active and policy == "Forbid":
        yield Cause(
            reason="ForbidConcurrent",
            text=f"The next run is left out while the last one goes on ({listed(ref(job) for job in active)}): "
            "concurrencyPolicy is Forbid.",
            facts=("spec.concurrencyPolicy is Forbid", f"status.active: {listed(ref(job) for job in active)}"),
            commands=(f"sampan why {ref(active[0])}{where}",), about=ref(active[0]),
        )  # fmt: skip
    for job in sorted(jobs, key=lambda each: str(each["metadata"].get("creationTimestamp")), reverse=True)[:1]:
        for cause in _job(job, objects):
            yield cause.of(ref(job))
    if not spec.get("suspend") and not status.get("lastScheduleTime"):
        late = age(since(cron["metadata"].get("creationTimestamp"), objects.now))
        yield Cause(
            reason="NotDueYet", text=f"It has made no Job since it was created {late} ago: its time has not come, by "
            f"{spec.get('schedule')} ({spec.get('timeZone') or 'time zone of the controller'}).",
            facts=("status.lastScheduleTime is not set",), note=True,
            commands=(f"kubectl create job --from=cronjob/{name} {name}-now{where}",),
        )  # fmt: skip
