"""Where sampan_postgres meets the platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sampan.errors import ConfigError
from sampan.hookspecs.markers import hookimpl

if TYPE_CHECKING:
    from sampan.contracts.store import Store


@hookimpl
def provide_store(url: str) -> Store | None:
    from sampan_postgres.options import read_url

    if not url.startswith(("postgresql:", "postgres:")):
        return None
    options = read_url(url)
    try:  # imported late: only a cluster with a postgresql:// store needs the library
        from sampan_postgres.store import PostgresStore
    except ImportError as error:  # also psycopg's own, where it finds no libpq
        if not (error.name or "psycopg").startswith("psycopg"):
            raise
        raise ConfigError("store: a PostgreSQL needs the library psycopg: pip install 'sampan[postgres]'") from None
    return PostgresStore(options)
