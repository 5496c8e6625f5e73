"""Where sampan_sqlite meets the platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sampan.hookspecs.markers import hookimpl

if TYPE_CHECKING:
    from sampan_sqlite.store import SqliteStore


@hookimpl
def provide_store(url: str, history: float = 0.0) -> SqliteStore | None:
    from sampan_sqlite.options import keeping, read_url
    from sampan_sqlite.store import SqliteStore

    return SqliteStore(keeping(read_url(url), history)) if url.startswith("sqlite:") else None
