"""Who wrote a revision: by managed fields, and by the audit log where it is at hand. Pure.

Source: KEP-555 (managedFields), audit.k8s.io/v1 Event.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from sampan.contracts.resources import Object, Resource
from sampan_machinery.metadata import get_path, parse_time

_NEAR = 2.0  # seconds between the time of a revision, as the server knows it, and an audit event
_ROUGH = 60.0  # seconds that the server's time of a revision may be late by
_WRITES = ("create", "update", "patch", "delete", "deletecollection")


class Writer(NamedTuple):
    """A field manager or user, and what it did."""

    name: str
    how: str  # Apply, Update; or the verb of the request
    at: float = 0.0
    user: str = ""  # known by the audit log only


def managers(before: Object | None, after: Object | None) -> list[Writer]:
    """Entries of managedFields that the write made or changed: their manager did it."""
    if after is None:
        return []
    old = get_path(before or {}, "metadata", "managedFields", default=()) or ()
    changed = [each for each in get_path(after, "metadata", "managedFields", default=()) or () if each not in old]
    latest = max((_time(each) for each in changed), default=0.0)
    fresh = [each for each in changed if _time(each) == latest]  # the others have lost a field to the one that wrote
    return [Writer(each.get("manager") or "", f"{each.get('operation', '')}{_of(each)}", _time(each)) for each in fresh]


def _of(entry: Object) -> str:
    return f" of {entry['subresource']}" if entry.get("subresource") else ""


def _time(entry: Object) -> float:
    return parse_time(entry["time"]) if entry.get("time") else 0.0


def written_at(after: Object | None, known: float, writers: Sequence[Writer]) -> float:
    """When the revision was written: as the server knows it, which after a restart is to ten seconds or more, or as
    managed fields or the object say."""
    latest = max((each.at for each in writers), default=0.0)
    if known:
        return latest if known - _ROUGH <= latest <= known else known
    return latest or (parse_time(after["metadata"]["creationTimestamp"]) if after else 0.0)


def audited(lines: Iterable[bytes], resource: Resource, namespace: str, name: str) -> list[Object]:
    """The events of writes to the object that succeeded; lines that are no events are passed over."""
    found = []
    wanted = (resource.group, resource.plural, namespace, name)
    token = msgspec.json.encode(name)[1:-1]
    for line in lines:
        if token not in line:
            continue
        try:
            event = msgspec.json.decode(line)
        except msgspec.DecodeError:
            continue
        about = event.get("objectRef") or {}
        named = (about.get("apiGroup") or "", about.get("resource"), about.get("namespace") or "", about.get("name"))
        code = get_path(event, "responseStatus", "code", default=200)
        if named == wanted and event.get("stage") == "ResponseComplete" and event.get("verb") in _WRITES and code < 300:
            found.append(event)
    return found


def auditor(events: Sequence[Object], at: float, *, deleted: bool, revision: int) -> Writer | None:
    """Who wrote that revision: the event that holds it, else the nearest in time of those that could have."""
    best: tuple[float, Object] | None = None
    for event in events:
        if str(get_path(event, "responseObject", "metadata", "resourceVersion", default="")) == str(revision):
            best = (0.0, event)
            break
        if not at or (event["verb"] in ("delete", "deletecollection")) != deleted:
            continue
        away = abs(parse_time(event["stageTimestamp"]) - at)
        if away <= _NEAR and (best is None or away < best[0]):
            best = (away, event)
    if best is None:
        return None
    event = best[1]
    user = get_path(event, "impersonatedUser", "username") or get_path(event, "user", "username", default="")
    return Writer(event.get("userAgent", "").split("/")[0], event["verb"], parse_time(event["stageTimestamp"]), user)
