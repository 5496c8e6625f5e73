"""managedFields: who wrote what, and when that is recorded. Source: KEP-555.

Knows nothing of HTTP nor of the store.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sampan.contracts.kinds import Kind, Object
from sampan_machinery import metadata
from sampan_machinery.apply import managers
from sampan_machinery.apply.apply import apply
from sampan_server.write import stamps
from sampan_server.write.intent import Intent


class ManagedFields:
    """Keeps managedFields as they should be after a write."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock

    def created(self, intent: Intent, obj: Object) -> None:
        self._track(intent, obj, None)

    def updated(self, intent: Intent, obj: Object, old: Object) -> None:
        self._track(intent, obj, old)

    def applied(self, intent: Intent, current: Object | None, config: Object, *, force: bool) -> Object:
        """Server-side apply: the merged object. Raises BadRequest, and Conflict for fields that others own."""
        kind, schema = intent.served.kind, intent.served.schema
        ignore: tuple[str, ...] = ()
        first = (*kind.unmanaged, "status") if kind.status_on_create else kind.unmanaged
        first = first if not intent.subresource else ()
        if intent.subresource == "status":
            ignore = tuple(key for key in config if key not in ("kind", "apiVersion", "metadata", "status"))
            ignore += () if kind.status_metadata else ("metadata",)
        elif not intent.subresource:
            ignore = _ignored(intent.served.working)
        merged = apply(
            current, config, schema.node, manager=intent.manager, force=force, api_version=kind.api_version,
            now=stamps.timestamp(self._clock()), subresource=intent.subresource, ignore=ignore, first=first,
            zero=schema.zero,
        )  # fmt: skip
        return schema.prune(merged)

    def keep_times(self, obj: Object, old: Object) -> None:
        """An apply that changes nothing but its own time changes nothing."""
        entries, before = obj["metadata"].get("managedFields"), old["metadata"].get("managedFields")
        if entries == before or not _same_but_times(entries, before):
            return
        obj["metadata"]["managedFields"] = before
        if obj != old:
            obj["metadata"]["managedFields"] = entries

    def _track(self, intent: Intent, obj: Object, old: Object | None) -> None:
        if intent.operation == "Apply":
            return
        kind, schema, scaled = intent.served.working, intent.served.working_schema, intent.subresource == "scale"
        # upstream tracks the Scale and not the object: its entries have no time, and a zero that it leaves out no owner
        now = "" if scaled else stamps.timestamp(self._clock())
        managers.track(
            old, obj, schema.node, manager=intent.manager, api_version=kind.api_version, now=now,
            subresource=intent.subresource, zero=schema.zero if old is None else None,
            ignore=_ignored(kind) if not intent.subresource else (),
            unowned=scaled and _has_no_replicas(kind, obj),
        )  # fmt: skip


def _ignored(kind: Kind) -> tuple[str, ...]:
    """The top-level fields that a write to the object itself never owns."""
    return (*kind.unmanaged, "status") if kind.status else kind.unmanaged


def _same_but_times(entries: Any, before: Any) -> bool:
    """The order counts as little as the times that it comes from."""
    if not entries or not before or len(entries) != len(before):
        return False
    timeless = [{name: value for name, value in entry.items() if name != "time"} for entry in before]
    return all({name: value for name, value in entry.items() if name != "time"} in timeless for entry in entries)


def _has_no_replicas(kind: Kind, obj: Object) -> bool:
    """Whether the object's Scale leaves its replicas out: a zero is no value there, and has no manager."""
    assert kind.scale is not None
    return not metadata.get_path(obj, *kind.scale.replicas)
