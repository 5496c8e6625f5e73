"""managedFields: who wrote what, and when that is recorded. Source: KEP-555.

Knows nothing of HTTP nor of the store.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from sampan.contracts.kinds import Kind, Object
from sampan_machinery import metadata
from sampan_machinery.apply import managers
from sampan_machinery.apply.apply import apply
from sampan_machinery.apply.fieldset import FieldSet
from sampan_machinery.apply.managed_fields import object_changes
from sampan_machinery.apply.versions import View
from sampan_machinery.contentcache import ContentCache
from sampan_server.registry import Registry, Served
from sampan_server.write import stamps
from sampan_server.write.intent import Intent


class ManagedFields:
    """Keeps managedFields as they should be after a write."""

    def __init__(self, clock: Callable[[], float], registry: Registry) -> None:
        self._clock = clock
        self._registry = registry
        self._specs: dict[tuple[str, str], ContentCache[FieldSet]] = {}

    def created(self, intent: Intent, obj: Object) -> None:
        self._track(intent, obj, None)

    def updated(self, intent: Intent, obj: Object, old: Object) -> None:
        self._track(intent, obj, old)

    def applied(self, intent: Intent, current: Object | None, config: Object, *, force: bool) -> Object:
        """Server-side apply: the merged object. Raises BadRequest, and Conflict for fields that others own."""
        kind, schema = intent.served.kind, intent.served.schema
        ignore: tuple[str, ...] = ()
        resets: tuple[str, ...] = ()
        first = (*kind.unmanaged, "status") if kind.status_on_create else kind.unmanaged
        first = first if not intent.subresource else ()
        if intent.subresource == "status":
            ignore = tuple(key for key in config if key not in ("kind", "apiVersion", "metadata", "status"))
            ignore += () if kind.status_metadata else ("metadata",)
            if not kind.status_labels and "labels" in config["metadata"]:
                kept = {name: value for name, value in config["metadata"].items() if name != "labels"}
                config = {**config, "metadata": kept}
        elif not intent.subresource:
            ignore = _ignored(intent.served.working)
        elif (sub := intent.served.subresources.get(intent.subresource)) is not None:
            resets = sub.resets
        merged = apply(
            current, config, schema.node, manager=intent.manager, force=force, api_version=kind.api_version,
            now=stamps.timestamp(self._clock()), subresource=intent.subresource, ignore=ignore, first=first,
            zero=schema.zero, convert=self._convert, resets=resets,
        )  # fmt: skip
        if resets or not config.keys().isdisjoint(ignore):
            schema.prune(config)  # what is not taken is read all the same
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
        sub = intent.served.subresources.get(intent.subresource) if intent.subresource else None
        if sub is not None and not sub.tracks:
            return
        served, scaled = intent.served, intent.subresource == "scale"
        if served.working is not served.kind and not scaled:
            self._track_in_its_version(intent, obj, old)
            return
        kind, schema = served.working, served.working_schema
        # upstream tracks the Scale and not the object: its entries have no time, and a zero that it leaves out no owner
        now = "" if scaled else stamps.timestamp(self._clock())
        managers.track(
            old, obj, schema.node, manager=intent.manager, api_version=kind.api_version, now=now,
            subresource=intent.subresource, zero=schema.zero if old is None else None,
            ignore=_ignored(kind) if not intent.subresource else (),
            unowned=scaled and _has_no_replicas(kind, obj),
            others=partial(self._changes, old, obj) if old is not None and not scaled else None,
            complete=schema.complete, specs=self._specs_of(kind) if old is None and kind.templated else None,
        )  # fmt: skip

    def _specs_of(self, kind: Kind) -> ContentCache[FieldSet]:
        found = self._specs.get((kind.api_version, kind.kind))
        return found if found is not None else self._specs.setdefault((kind.api_version, kind.kind), ContentCache())

    def _track_in_its_version(self, intent: Intent, obj: Object, old: Object | None) -> None:
        """The fields of the request's version are what a writer of another version than the stored one has."""
        served = intent.served
        shown = served.shown(obj)
        if shown["metadata"] is obj["metadata"]:
            shown = {**shown, "metadata": dict(obj["metadata"])}
        before = None if old is None else served.shown(old)
        managers.track(
            before, shown, served.schema.node, manager=intent.manager, api_version=served.kind.api_version,
            now=stamps.timestamp(self._clock()), subresource=intent.subresource,
            zero=served.schema.zero if old is None else None,
            ignore=_ignored(served.kind) if not intent.subresource else (),
            others=None if before is None else partial(self._changes, before, shown),
            complete=served.schema.complete,
        )  # fmt: skip
        obj["metadata"].pop("managedFields", None)
        if (entries := shown["metadata"].get("managedFields")) is not None:
            obj["metadata"]["managedFields"] = entries

    def _changes(self, before: Object, after: Object, api_version: str) -> tuple[FieldSet, FieldSet] | None:
        old, new = self._convert(before, api_version), self._convert(after, api_version)
        return None if old is None or new is None else object_changes(old.obj, new.obj, old.node)

    def _convert(self, obj: Object, api_version: str) -> View | None:
        """The object in another version; None where that is not served."""
        mine, other = self._served(obj["apiVersion"], obj["kind"]), self._served(api_version, obj["kind"])
        if mine is None or other is None or mine.prefix != other.prefix:
            return None
        return View(other.shown(mine.kept(obj)), other.schema.node)

    def _served(self, api_version: str, kind: str) -> Served | None:
        group, _, version = api_version.rpartition("/")
        return self._registry.by_kind(group, version, kind)


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
