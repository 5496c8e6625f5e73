"""Where sampan_sqlite meets the platform."""

from __future__ import annotations

from sampan.hookspecs.markers import hookimpl
from sampan_sqlite.options import read_url
from sampan_sqlite.store import SqliteStore


@hookimpl
def provide_store(url: str) -> SqliteStore | None:
    return SqliteStore(read_url(url)) if url.startswith("sqlite:") else None
