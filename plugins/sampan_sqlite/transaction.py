"""Many commits as one SQLite transaction: decide in memory, then write with a handful of statements."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import cache
from itertools import chain
from typing import Any

from sampan.contracts.store import Change, Op, Put, Stale
from sampan_sqlite.file_health import checksum
from sampan_sqlite.recent_keys import ABSENT, CHUNK, KeyState, RecentKeys
from sampan_sqlite.schema import LAST, first_id, revision_of

MOST_CHANGES = LAST  # of one commit


class Transaction:
    """Decides commit after commit on top of ``recent`` and remembers what has to be written."""

    def __init__(self, recent: RecentKeys, newest: int, now: int) -> None:
        self.newest = newest
        self.commits: list[tuple[int, tuple[Change, ...]]] = []
        self._recent = recent
        self._now = now
        self._log: list[tuple[Any, ...]] = []
        self._touched: dict[str, KeyState] = {}
        self.expiring: list[tuple[int, int]] = []  # (id, unix time)

    def decide(self, ops: Sequence[Op]) -> int | Stale:
        """The commit's revision, or why it is refused. All keys are in ``recent``."""
        recent = self._recent
        for op in ops:
            if op.expect is not None and op.expect != revision_of(recent[op.key].id):
                return Stale(op.key)
        revision = self.newest + 1
        id = first_id(revision)
        changes = []
        for op in ops:
            old = recent[op.key]
            if type(op) is Put:
                new = KeyState(id, old.created or revision, op.value)
                if op.ttl:
                    self.expiring.append((id, self._now + op.ttl))
            elif old.id:
                new = ABSENT
            else:
                continue
            recent.note(op.key, new)
            self._touched[op.key] = new
            self._log.append((id, op.key, new.created, old.id, new.value))
            changes.append(Change(revision, op.key, new.value, old.value, revision_of(old.id)))
            id += 1
        if not changes:
            return self.newest
        self.newest = revision
        self.commits.append((revision, tuple(changes)))
        return revision

    def write(self, connection: sqlite3.Connection) -> int:
        """Put it into the open transaction; the number of changes."""
        rows = [(*row, checksum(row[0], row[1], row[2], row[4])) for row in self._log]
        _many(connection, "INSERT INTO log (id, key, created, previous, value, crc)", rows)
        present = [(key, known.id, known.created) for key, known in self._touched.items() if known.id]
        _many(connection, "INSERT OR REPLACE INTO current (key, id, created)", present)
        gone = [(key,) for key, known in self._touched.items() if not known.id]
        if gone:
            connection.executemany("DELETE FROM current WHERE key = ?", gone)
        _many(connection, "INSERT INTO expiring (id, at)", self.expiring)
        return len(self._log)


def _many(connection: sqlite3.Connection, insert: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """All rows with one statement per chunk (see recent._lookup for why not executemany)."""
    for start in range(0, len(rows), CHUNK):
        chunk = rows[start : start + CHUNK]
        connection.execute(_insert(insert, len(chunk), len(chunk[0])), tuple(chain.from_iterable(chunk)))


@cache
def _insert(insert: str, rows: int, columns: int) -> str:
    row = f"({','.join('?' * columns)})"
    return f"{insert} VALUES {','.join([row] * rows)}"
