"""Cache of the keys that the writer wrote lately, so that most commits need not read the file first. Valid only while
no other process writes: the writer clears it when one has, or when a transaction failed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

KEEP_BYTES = 4 << 20
ROW_BYTES = 300  # what an entry costs besides its value


class KeyState(NamedTuple):
    """A key's present state; id 0: absent."""

    id: int
    created: int
    value: bytes | None


ABSENT = KeyState(0, 0, None)


class RecentKeys(dict[str, KeyState]):
    """Key to state, the least lately written first, bounded by ``trim``."""

    def __init__(self) -> None:
        super().__init__()
        self._bytes = 0

    def note(self, key: str, known: KeyState) -> None:
        old = self.pop(key, None)
        if old is not None:
            self._bytes -= len(old.value or b"") + ROW_BYTES
        self[key] = known
        self._bytes += len(known.value or b"") + ROW_BYTES

    def forget(self) -> None:
        self.clear()
        self._bytes = 0

    def load(self, connection: sqlite3.Connection, keys: Iterable[str]) -> int | None:
        """Look up what is not known of the keys; the newest id in the log, None if it is empty. In a transaction."""
        missing = [key for key in keys if key not in self]
        rows = connection.execute(_lookup(min(len(missing), CHUNK)), missing[:CHUNK]).fetchall()
        for start in range(CHUNK, len(missing), CHUNK):
            chunk = missing[start : start + CHUNK]
            rows += connection.execute(_lookup(len(chunk)), chunk).fetchall()[1:]
        for key in missing:
            self.note(key, ABSENT)
        for id, key, created, value in rows[1:]:
            self.note(key, KeyState(id, created, value))
        newest: int | None = rows[0][0]
        return newest

    def trim(self) -> None:
        while self._bytes > KEEP_BYTES:
            key = next(iter(self))
            self._bytes -= len(self.pop(key).value or b"") + ROW_BYTES


CHUNK = 64


@cache
def _lookup(count: int) -> str:
    """One statement for the newest id and so many keys: every call into SQLite gives the interpreter's lock away, and
    getting it back is what costs when an event loop is busy."""
    newest = "SELECT max(id), NULL, NULL, NULL FROM log"
    if not count:
        return newest
    marks = ",".join("?" * count)
    entries = (
        f"SELECT c.id, c.key, c.created, l.value FROM current c JOIN log l ON l.id = c.id WHERE c.key IN ({marks})"
    )
    return f"{newest} UNION ALL {entries}"
