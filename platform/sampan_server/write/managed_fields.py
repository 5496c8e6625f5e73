"""managedFields: who wrote what. Chooses when the objects layer's bookkeeping runs. Source: KEP-555.

Knows nothing of HTTP nor of the store.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sampan.contracts.kinds import Object
from sampan_server import machinery
from sampan_server.write import stamps

if TYPE_CHECKING:
    from sampan_server.write.writes import Intent


class Ownership:
    """Keeps managedFields as they should be after a write."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock

    def created(self, intent: Intent, obj: Object) -> None:
        self._track(intent, obj, None)

    def updated(self, intent: Intent, obj: Object, old: Object) -> None:
        self._track(intent, obj, old)

    def applied(self, intent: Intent, current: Object | None, config: Object, *, force: bool) -> Object:
        """Server-side apply: the merged object. Raises BadRequest, and Conflict for fields that others own."""
        kind = intent.served.kind
        ignore: tuple[str, ...] = ()
        if intent.subresource == "status":
            ignore = tuple(key for key in config if key not in ("kind", "apiVersion", "metadata", "status"))
        elif kind.status and not intent.subresource:
            ignore = ("status",)
        return machinery.apply(
            kind, current, config, manager=intent.manager, force=force, now=stamps.timestamp(self._clock()),
            subresource=intent.subresource, ignore=ignore,
        )  # fmt: skip

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
        machinery.track(
            intent.served.stored, old, obj, manager=intent.manager, now=stamps.timestamp(self._clock()),
            subresource=intent.subresource,
        )  # fmt: skip


def _same_but_times(entries: Any, before: Any) -> bool:
    """The order counts as little as the times that it comes from."""
    if not entries or not before or len(entries) != len(before):
        return False
    timeless = [{name: value for name, value in entry.items() if name != "time"} for entry in before]
    return all({name: value for name, value in entry.items() if name != "time"} in timeless for entry in entries)
