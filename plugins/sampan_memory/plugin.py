"""Where sampan_memory meets the platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sampan.hookspecs.markers import hookimpl

if TYPE_CHECKING:
    from sampan_memory.store import MemoryStore


@hookimpl
def provide_store(url: str, history: float = 0.0) -> MemoryStore | None:
    from sampan_memory.store import MemoryStore, retention

    return MemoryStore(retention(history)) if url.startswith("memory:") else None
