"""Maintenance that one server at a time does for all: deleting expired entries, and removing what is compacted. The
holder of the advisory lock does it; the lock ends with its connection.

Removing follows the log from the last bound to the new one: a change at or before the bound makes the one it replaced
garbage, and a deletion makes itself garbage. So a step costs by what happened, not by what is stored.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any

import psycopg

from sampan.contracts.store import Delete, Op
from sampan.errors import SampanError
from sampan_postgres.connections import Connection, connect, pipelined
from sampan_postgres.options import Options
from sampan_postgres.schema import last_id, lock_number, revision_of

log = logging.getLogger(__name__)

EVERY = 1.0  # seconds between looks
STEP = 500  # changes looked at in one step
DUE_AT_ONCE = 200

DUE = (
    "SELECT e.id, c.key FROM expiring e LEFT JOIN log l ON l.id = e.id"
    " LEFT JOIN current c ON c.key = l.key AND c.id = e.id WHERE e.at <= now() ORDER BY e.at LIMIT %s"
)
OVER = "DELETE FROM expiring WHERE id = ANY(%s::bigint[])"
BOUNDS = "SELECT value FROM bounds ORDER BY name = 'collected'"
NTH = "SELECT max(id) FROM (SELECT id FROM log WHERE id > %s AND id <= %s ORDER BY id LIMIT %s) AS step"
SUPERSEDED = "DELETE FROM log WHERE id IN (SELECT previous FROM log WHERE id > %s AND id <= %s AND previous > 0)"
DELETED = "DELETE FROM log WHERE id > %s AND id <= %s AND created = 0"
COLLECTED = "UPDATE bounds SET value = %s WHERE name = 'collected' AND value < %s"

Submit = Callable[[Sequence[Op], Callable[[int | SampanError], None]], None]


class Upkeep:
    """One thread."""

    def __init__(self, settings: dict[str, Any], options: Options, submit: Submit) -> None:
        self._settings = settings
        self._options = options
        self._submit = submit
        self._stop = threading.Event()
        self._connection: Connection | None = None
        self._chosen = False
        self._thread = threading.Thread(target=self._run, name="postgres-upkeep", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        more = False
        while not self._stop.wait(0 if more else EVERY):
            try:
                more = self._work()
            except psycopg.Error as error:
                more = False
                log.warning("the store's upkeep will be tried again: %s", " ".join(str(error).split()))
                self._let_go()
            except Exception:
                more = False
                log.exception("the store's upkeep goes on after an error it did not expect")
                self._let_go()
        self._let_go()

    def _work(self) -> bool:
        """One step of each work; whether there is more at once."""
        if self._connection is None:
            self._connection = connect(self._settings, self._options)
        connection = self._connection
        if not self._chosen:
            lock = lock_number(connection, self._options, "upkeep")
            row = connection.execute("SELECT pg_try_advisory_lock(%s)", (lock,)).fetchone()
            self._chosen = bool(row and row[0])
            if not self._chosen:
                return False
        more = self._expire(connection)
        return self._collect(connection) or more

    def _expire(self, connection: Connection) -> bool:
        """End each by an ordinary commit; an entry that was put again meanwhile stays."""
        due = connection.execute(DUE, (DUE_AT_ONCE,)).fetchall()
        waiting = []
        for id, key in due:
            if key is None:
                continue
            ended = threading.Event()
            waiting.append(ended)
            self._submit((Delete(key, expect=revision_of(id)),), lambda _, ended=ended: ended.set())  # type: ignore[misc]  # of one Event
        for ended in waiting:
            ended.wait()
        if due:  # entries that could not be deleted now are not found again, unless their commit failed
            gone = connection.execute(DUE, (DUE_AT_ONCE,)).fetchall()
            still = {id for id, key in gone if key is not None}
            connection.execute(OVER, ([id for id, _ in due if id not in still],))
        return len(due) == DUE_AT_ONCE

    def _collect(self, connection: Connection) -> bool:
        (oldest,), (collected,) = connection.execute(BOUNDS).fetchall()
        if revision_of(collected) >= oldest:
            return False
        until = last_id(oldest)
        row = connection.execute(NTH, (collected, until, STEP)).fetchone()
        reached = (row and row[0]) or until
        span = (collected, reached)
        pipelined(
            connection,
            ("BEGIN", ()), (SUPERSEDED, span), (DELETED, span), (COLLECTED, (reached, reached)), ("COMMIT", ()),
        )  # fmt: skip
        return True

    def _let_go(self) -> None:
        self._chosen = False
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
