"""The kind Event: one storage (core/v1), two views. Source: core/v1 and events.k8s.io/v1 API references."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

from sampan.contracts.kinds import Column, Kind, Object, Problem
from sampan_machinery import names, problems
from sampan_machinery.validation import by_rule

HOUR = 3600  # seconds an Event is kept after its last write, as upstream's default
LONGEST_WORD = 128
LONGEST_NOTE = 1024
TYPES = ("Normal", "Warning")

#: events.k8s.io/v1 name → core/v1 name
RENAMED = {
    "regarding": "involvedObject",
    "note": "message",
    "deprecatedSource": "source",
    "deprecatedFirstTimestamp": "firstTimestamp",
    "deprecatedLastTimestamp": "lastTimestamp",
    "deprecatedCount": "count",
    "reportingController": "reportingComponent",
}
BACK = {core: fresh for fresh, core in RENAMED.items()}


def default(event: Object) -> None:
    """Structs and texts that upstream always shows."""
    event.setdefault("source", {})
    event.setdefault("involvedObject", {})
    event.setdefault("reportingComponent", "")
    event.setdefault("reportingInstance", "")


def validate(new: Object, old: Object | None) -> Iterator[Problem]:
    """What holds for every Event, written in core/v1. Source: core/v1 API reference; core validation (order)."""
    yield from _check_any(new, "reportingComponent")


def validate_fresh(new: Object, old: Object | None) -> Iterator[Problem]:
    """What events.k8s.io/v1 asks besides: an Event of its time, that never says something else later."""
    yield from _check_any(new, "reportingController")
    if old is None:
        metadata, prefix = new["metadata"], names.prefix_rule(names.dns_subdomain)
        for name, rule in (("generateName", prefix), ("name", names.dns_subdomain)):
            yield from by_rule(f"metadata.{name}", metadata[name], rule) if metadata.get(name) else ()
        yield from _check_series(new)
        yield from _check_new(new)
        return
    if (new.get("series") or None) != (old.get("series") or None):
        yield from _check_series(new)
    for name, none in _UNCHANGING:
        value = new.get(name) or none
        if value != (old.get(name) or none):
            shown = "reportingController" if name == "reportingComponent" else name
            yield problems.invalid(shown, value, "field is immutable")


#: Fields that an update in events.k8s.io/v1 cannot change, and what each shows when it is empty, in upstream's order.
_UNCHANGING: tuple[tuple[str, Any], ...] = (
    ("involvedObject", {}), ("reason", ""), ("message", ""), ("source", {}), ("firstTimestamp", None),
    ("lastTimestamp", None), ("count", 0), ("reason", ""), ("type", ""), ("eventTime", None), ("action", ""),
    ("related", None), ("reportingComponent", ""), ("reportingInstance", ""),
)  # fmt: skip


def _check_any(event: Object, controller: str) -> Iterator[Problem]:
    """``controller`` is what the request's version calls the reporting controller."""
    about = event.get("involvedObject") or {}
    namespace = event["metadata"].get("namespace") or ""
    if about.get("namespace"):
        if about["namespace"] != namespace and not event.get("eventTime"):
            yield problems.invalid("involvedObject.namespace", about["namespace"], "does not match event.namespace")
    elif namespace not in (("", "default", "kube-system") if event.get("eventTime") else ("", "default")):
        yield problems.invalid("involvedObject.namespace", "", "does not match event.namespace")
    if event.get("eventTime"):
        yield from _check_timed(event, controller)


def _check_timed(event: Object, controller: str) -> Iterator[Problem]:
    """What an event with eventTime must have. Source: events.k8s.io/v1 API reference."""
    by = event.get("reportingComponent") or ""
    if not by:
        yield problems.required(controller)
    yield from by_rule(controller, by, names.label_key)
    for name in ("reportingInstance", "action", "reason"):
        text = event.get(name) or ""
        if not text:
            yield problems.required(name)
        elif len(text) > LONGEST_WORD:
            yield problems.invalid(name, "", f"can have at most {LONGEST_WORD} characters")
    if len(event.get("message") or "") > LONGEST_NOTE:
        yield problems.invalid("message", "", f"can have at most {LONGEST_NOTE} characters")


def _check_series(event: Object) -> Iterator[Problem]:
    series = event.get("series")
    if series is None:
        return
    if (series.get("count") or 0) < 2:
        yield problems.invalid("series.count", "", "should be at least 2")
    if not series.get("lastObservedTime"):
        yield problems.required("series.lastObservedTime")


def _check_new(event: Object) -> Iterator[Problem]:
    if not event.get("eventTime"):
        yield problems.required("eventTime")
    kind = event.get("type") or ""
    if kind not in TYPES:
        yield problems.invalid("type", "", f"has invalid value: {kind}")
    for name in ("firstTimestamp", "lastTimestamp", "count"):
        if event.get(name):
            yield problems.invalid(name, "", "needs to be unset")
    if any((event.get("source") or {}).values()):
        yield problems.invalid("source", "", "needs to be unset")


def to_core(event: Object) -> Object:
    """events.k8s.io/v1 → core/v1."""
    return {"apiVersion": "v1", **{RENAMED.get(key, key): value for key, value in event.items() if key != "apiVersion"}}


def from_core(event: Object) -> Object:
    """core/v1 → events.k8s.io/v1."""
    renamed = {BACK.get(key, key): value for key, value in event.items() if key != "apiVersion"}
    return {"apiVersion": "events.k8s.io/v1", **renamed}


def _about(event: Object) -> Object:
    return event.get("involvedObject") or {}


def object_text(event: Object) -> str:
    """``pod/web``."""
    about = _about(event)
    kind, name = (about.get("kind") or "").lower(), about.get("name") or ""
    return f"{kind}/{name}" if kind and name else kind or name


def _last_seen(event: Object) -> Any:
    series = event.get("series") or {}
    seen = (
        series.get("lastObservedTime"),
        *(event.get(key) for key in ("lastTimestamp", "firstTimestamp", "eventTime")),
    )
    return next((time for time in seen if time), None)


def _source(event: Object) -> str:
    source = event.get("source") or {}
    component = source.get("component") or event.get("reportingComponent") or ""
    place = source.get("host") or event.get("reportingInstance") or ""
    return f"{component}, {place}" if place else component


def _count(event: Object) -> int:
    return int((event.get("series") or {}).get("count") or event.get("count") or 1)


def _source_field(event: Object) -> str:
    return (event.get("source") or {}).get("component") or event.get("reportingComponent") or ""


def _about_field(key: str) -> Callable[[Object], str]:
    return lambda event: str(_about(event).get(key) or "")


FIELDS: dict[str, Callable[[Object], str]] = {
    **{f"involvedObject.{key}": _about_field(key) for key in
       ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")},
    "reason": lambda event: event.get("reason") or "",
    "reportingComponent": lambda event: event.get("reportingComponent") or "",
    "source": lambda event: str(_source_field(event)),
    "type": lambda event: event.get("type") or "",
}  # fmt: skip
COLUMNS = (
    Column("Last Seen", _last_seen, type="date"),
    Column("Type", lambda event: event.get("type") or ""),
    Column("Reason", lambda event: event.get("reason") or ""),
    Column("Object", object_text),
    Column("Subobject", lambda event: _about(event).get("fieldPath") or "", priority=1),
    Column("Source", _source, priority=1),
    Column("Message", lambda event: (event.get("message") or "").strip()),
    Column("First Seen", lambda event: event.get("firstTimestamp") or event.get("eventTime"), type="date", priority=1),
    Column("Count", _count, priority=1),
    Column("Name", lambda event: event["metadata"]["name"], format="name", priority=1),
)


def _through(read: Callable[[Object], Any]) -> Callable[[Object], Any]:
    """The same for an object in the fresh shape."""
    return lambda event: read(to_core(event))


FRESH_FIELDS: dict[str, Callable[[Object], str]] = {
    **{name.replace("involvedObject", "regarding"): _through(read) for name, read in FIELDS.items() if "." in name},
    "reason": FIELDS["reason"],
    "reportingController": _through(FIELDS["reportingComponent"]),
    "type": FIELDS["type"],
}
FRESH_COLUMNS = tuple(dataclasses.replace(column, cell=_through(column.cell)) for column in COLUMNS)
EVENT = Kind(
    group="", version="v1", kind="Event", plural="events", short_names=("ev",), columns=COLUMNS, fields=FIELDS,
    default=default, validate=validate, ttl=HOUR, create_on_update=True, propagation="", name_rule="path",
)  # fmt: skip
FRESH_EVENT = Kind(
    group="events.k8s.io", version="v1", kind="Event", plural="events", short_names=("ev",), columns=FRESH_COLUMNS,
    fields=FRESH_FIELDS, validate=validate_fresh, ttl=HOUR, create_on_update=True, stored_as=("", "v1"),
    to_stored=to_core, from_stored=from_core,
)  # fmt: skip
