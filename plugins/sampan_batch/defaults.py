"""Defaults of Jobs and CronJobs, and the selector and labels that the server makes for a Job.

Source: the defaults and the strategy of batch/v1.
"""

from __future__ import annotations

from typing import Any

from sampan.contracts.kinds import Draft, Object
from sampan_podspec.templates import default_template

_BACKOFF_LIMIT = 6
_UNLIMITED = 2**31 - 1
CONTROLLER_UID, JOB_NAME = "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name"
LEGACY_CONTROLLER_UID, LEGACY_JOB_NAME = "controller-uid", "job-name"


def default_job(job: Object) -> None:
    spec = job.setdefault("spec", {})
    if spec.get("completions") is None and spec.get("parallelism") is None:
        spec["completions"] = 1
    _set(spec, "parallelism", 1)
    _set(spec, "backoffLimit", _BACKOFF_LIMIT if spec.get("backoffLimitPerIndex") is None else _UNLIMITED)
    _set(spec, "completionMode", "NonIndexed")
    _set(spec, "suspend", False)
    policy = spec.get("podFailurePolicy")
    _set(spec, "podReplacementPolicy", "TerminatingOrFailed" if policy is None else "Failed")
    _set(spec, "manualSelector", False)
    default_template(job)
    default_job_spec(spec)
    labels = (spec["template"].get("metadata") or {}).get("labels")
    metadata = job.setdefault("metadata", {})
    if labels and not metadata.get("labels"):
        metadata["labels"] = labels  # the same object, by which ``prepare_job`` knows that they are the template's


def default_job_spec(spec: Any) -> None:
    """What a Job and a CronJob's template have in common besides the pod template."""
    for rule in (spec.get("podFailurePolicy") or {}).get("rules") or ():
        for pattern in rule.get("onPodConditions") or ():
            if not pattern.get("status"):
                pattern["status"] = "True"


def default_cron_job(cron_job: Object) -> None:
    spec = cron_job.setdefault("spec", {})
    if not spec.get("concurrencyPolicy"):
        spec["concurrencyPolicy"] = "Allow"
    _set(spec, "suspend", False)
    _set(spec, "successfulJobsHistoryLimit", 3)
    _set(spec, "failedJobsHistoryLimit", 1)
    template = spec.setdefault("jobTemplate", {})
    template.setdefault("metadata", {})
    default_template(template)
    default_job_spec(template.setdefault("spec", {}))


def _set(spec: Any, name: str, value: Any) -> None:
    if spec.get(name) is None:
        spec[name] = value


def prepare_job(draft: Draft) -> None:
    """A new Job without manualSelector gets a selector by its uid, and its template the labels. What a user has set is
    kept: validation refuses what contradicts. Labels that a Job has from its template get what those get: upstream has
    one map for both."""
    job = draft.object
    spec = job["spec"]
    own = ((spec.get("template") or {}).get("metadata") or {}).get("labels")
    shared = bool(own) and job["metadata"].get("labels") is own
    if own and shared:
        job["metadata"]["labels"] = dict(own)
    if draft.old is not None or spec.get("manualSelector"):
        return
    metadata = spec["template"].setdefault("metadata", {})
    labels = metadata["labels"] = metadata.get("labels") or {}
    for name in (LEGACY_JOB_NAME, JOB_NAME):
        labels.setdefault(name, job["metadata"].get("name", ""))
    for name in (LEGACY_CONTROLLER_UID, CONTROLLER_UID):
        labels.setdefault(name, job["metadata"]["uid"])
    selector = spec["selector"] = spec.get("selector") or {}
    selector["matchLabels"] = selector.get("matchLabels") or {}
    selector["matchLabels"].setdefault(CONTROLLER_UID, job["metadata"]["uid"])
    if shared or not job["metadata"].get("labels"):
        job["metadata"]["labels"] = dict(labels)
