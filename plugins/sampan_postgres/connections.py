"""Opening connections, and what goes wrong on them as the contract's errors. Knows libpq, no table."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from sampan.contracts.store import Unavailable
from sampan.errors import ConfigError
from sampan_postgres.options import Options

#: Unless the URL says otherwise: notice within seconds that the server's machine is gone.
ALIVE = {
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
    "application_name": "sampan",
}
IDLE_IN_TRANSACTION = 5  # seconds: a writer that was stopped with the lock in hand shall not stop all others

Connection = psycopg.Connection[tuple[Any, ...]]


def read_settings(options: Options) -> dict[str, Any]:
    """What libpq is to be told; raises ConfigError, without the password that the URL may hold."""
    try:
        given = conninfo_to_dict(options.database)
    except psycopg.ProgrammingError as error:
        text = str(error).strip().replace(options.database, "the URL")
        raise ConfigError(f"store: PostgreSQL's library does not understand the URL: {text}") from None
    hosts = str(given.get("host") or given.get("hostaddr") or os.environ.get("PGHOST", ""))
    several = {"target_session_attrs": "read-write"} if "," in hosts else {}
    return {**ALIVE, **several, "connect_timeout": str(options.timeout), **given}


def connect(settings: dict[str, Any], options: Options) -> Connection:
    """A connection for one thread at a time; autocommit, so transactions are written out. Raises psycopg's errors."""
    connection = psycopg.connect(**settings, autocommit=True)
    try:
        connection.execute(
            "SELECT set_config('search_path', %s, false), set_config('statement_timeout', %s, false),"
            " set_config('idle_in_transaction_session_timeout', %s, false)",
            (options.schema, f"{options.timeout}s", f"{IDLE_IN_TRANSACTION}s"),
        )
    except BaseException:
        connection.close()
        raise
    return connection


def pipelined(connection: Connection, *statements: tuple[str, Sequence[Any]]) -> list[list[tuple[Any, ...]]]:
    """Each statement's rows, after one trip to the server for all; values come in binary form."""
    if len(statements) == 1:
        cursor = connection.execute(*statements[0], binary=True)
        return [cursor.fetchall() if cursor.description else []]
    with connection.pipeline():
        cursors = [connection.execute(text, facts, binary=True) for text, facts in statements]
    return [cursor.fetchall() if cursor.description else [] for cursor in cursors]


@contextmanager
def translated() -> Iterator[None]:
    """psycopg's errors as Unavailable."""
    try:
        yield
    except psycopg.Error as error:
        raise unavailable(error) from error


def unavailable(error: psycopg.Error) -> Unavailable:
    return Unavailable(f"PostgreSQL: {' '.join(str(error).split())}")
