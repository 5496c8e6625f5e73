"""Validation of a CronJob."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sampan.contracts.kinds import Object, Problem
from sampan_batch.validation.specs import validate_job_spec
from sampan_machinery.problems import invalid, required, unsupported
from sampan_machinery.schedules import parse, zone_of
from sampan_machinery.validation import validate_non_negative

_LONGEST_NAME = 52  # a Job's name has 63 characters, of which the start's minute takes 11
_POLICIES = ("Allow", "Forbid", "Replace")
_is_zone_part = re.compile(r"[A-Za-z.\-_0-9+]{1,14}", re.ASCII).fullmatch


def validate_cron_job(new: Object, old: Object | None) -> Iterator[Problem]:
    if old is not None and (new.get("status") or {}) != (old.get("status") or {}):
        return  # the status is free, as upstream's is
    spec, before = new["spec"], old["spec"] if old is not None else None
    yield from _validate_schedule(spec, before)
    yield from validate_non_negative("spec.startingDeadlineSeconds", spec.get("startingDeadlineSeconds"))
    if before is None or before.get("timeZone") != spec.get("timeZone"):
        yield from _validate_zone(spec.get("timeZone"))
    policy = spec.get("concurrencyPolicy")
    if not policy:
        yield required("spec.concurrencyPolicy")
    elif policy not in _POLICIES:
        yield unsupported("spec.concurrencyPolicy", policy, _POLICIES)
    yield from _validate_template(spec.get("jobTemplate") or {})
    for name in ("successfulJobsHistoryLimit", "failedJobsHistoryLimit"):
        yield from validate_non_negative(f"spec.{name}", spec.get(name))
    name = new["metadata"].get("name") or ""
    if before is None and len(name) > _LONGEST_NAME:
        yield invalid("metadata.name", name, f"must be no more than {_LONGEST_NAME} characters")


def _validate_schedule(spec: Object, before: Object | None) -> Iterator[Problem]:
    text, path = spec.get("schedule") or "", "spec.schedule"
    if not text:
        yield required(path)
        return
    try:
        parse(text)
    except ValueError as error:
        yield invalid(path, text, str(error))
    if "TZ" not in text:
        return
    if before is None or "TZ" not in (before.get("schedule") or ""):
        yield invalid(path, text, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead")
    elif spec.get("timeZone") is not None:
        yield invalid(path, text, "cannot use both timeZone field and TZ or CRON_TZ in schedule")


def _validate_zone(name: str | None) -> Iterator[Problem]:
    path = "spec.timeZone"
    if name is None:
        return
    if not name:
        yield invalid(path, name, "timeZone must be nil or non-empty string")
        return
    parts = name.split("/")
    if any(part in (".", "..") or part.startswith("-") or not _is_zone_part(part) for part in parts):
        yield invalid(path, name, f"unknown time zone {name}")
        return
    if name.lower() == "local":
        detail = "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones"
        yield invalid(path, name, detail)
        if name == "Local":
            return
    try:
        zone_of(name)
    except ValueError as error:
        yield invalid(path, name, str(error))


def _validate_template(template: Object) -> Iterator[Problem]:
    spec, path = template.get("spec") or {}, "spec.jobTemplate.spec"
    yield from validate_job_spec(spec, path)
    if spec.get("selector") is not None:
        yield invalid(f"{path}.selector", spec["selector"], "`selector` will be auto-generated")
    if spec.get("manualSelector"):
        yield unsupported(f"{path}.manualSelector", spec["manualSelector"], ("nil", "false"))
