"""Validation of a Job: the whole of it when it is created, what may change later, its status when that is written."""

from __future__ import annotations

from collections.abc import Iterator

from sampan.contracts.kinds import Object, Problem
from sampan_batch.defaults import CONTROLLER_UID, JOB_NAME, LEGACY_CONTROLLER_UID, LEGACY_JOB_NAME
from sampan_batch.pods import is_indexed
from sampan_batch.validation.specs import validate_job_spec
from sampan_batch.validation.statuses import validate_status
from sampan_batch.validation.updates import validate_change
from sampan_machinery import names
from sampan_machinery.metadata import labels_of
from sampan_machinery.problems import invalid, required
from sampan_machinery.selectors import from_object
from sampan_machinery.validation import validate_label_selector

_LABELS = "spec.template.metadata.labels"


def validate_job(new: Object, old: Object | None) -> Iterator[Problem]:
    if old is not None and (new.get("status") or {}) != (old.get("status") or {}):
        yield from validate_status(new, old)  # a write of the status keeps the spec
        return
    spec = new["spec"]
    if not spec.get("manualSelector") and spec.get("selector") is not None:
        yield from _validate_generated(new, _requires_prefixed(old))
    yield from validate_job_spec(spec, "spec")
    yield from _validate_selector(spec)
    if is_indexed(new) and spec.get("completions"):
        yield from _validate_hostname(new)
    if old is not None:
        yield from validate_change(new, old)


def _requires_prefixed(old: Object | None) -> bool:
    labels = labels_of(old["spec"]["template"]) if old is not None else None
    return labels is None or (JOB_NAME in labels and CONTROLLER_UID in labels)


def _validate_generated(job: Object, prefixed: bool) -> Iterator[Problem]:
    """The labels that the server makes must be there: a user may have set others of the same names."""
    metadata, labels = job["metadata"], labels_of(job["spec"]["template"])
    expected = {LEGACY_CONTROLLER_UID: metadata["uid"], LEGACY_JOB_NAME: metadata.get("name") or ""}
    if prefixed:
        expected |= {CONTROLLER_UID: metadata["uid"], JOB_NAME: metadata.get("name") or ""}
    for name, value in expected.items():
        if name not in labels:
            yield required(f"{_LABELS}[{name}]", f"must be '{value}'")
        elif labels[name] != value:
            yield invalid(f"{_LABELS}[{name}]", labels, f"must be '{value}'")
    selector = job["spec"]["selector"]
    if not validate_label_selector("", selector) and not from_object(selector).matches(expected):
        yield invalid("spec.selector", selector, "`selector` not auto-generated")


def _validate_selector(spec: Object) -> Iterator[Problem]:
    selector, labels = spec.get("selector"), labels_of(spec["template"])
    if selector is None:
        yield required("spec.selector")
        yield invalid(_LABELS, labels or None, "`selector` does not match template `labels`")
        return
    found = validate_label_selector("spec.selector", selector)
    yield from found
    if not found and not from_object(selector).matches(labels):
        yield invalid(_LABELS, labels or None, "`selector` does not match template `labels`")


def _validate_hostname(job: Object) -> Iterator[Problem]:
    """The largest index is part of a hostname, which is no longer than a label."""
    name = job["metadata"].get("name") or ""
    hostname = f"{name}-{job['spec']['completions'] - 1}"
    if names.dns_label(hostname):
        yield invalid("metadata.name", name, f"will not able to create pod with invalid DNS label: {hostname}")
