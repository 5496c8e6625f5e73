"""Where sampan_memory meets the platform."""

from __future__ import annotations

from sampan.hookspecs.markers import hookimpl
from sampan_memory.store import MemoryStore


@hookimpl
def provide_store(url: str) -> MemoryStore | None:
    return MemoryStore() if url.startswith("memory:") else None
