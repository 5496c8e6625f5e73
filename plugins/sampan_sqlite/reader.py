"""Reads the present and earlier revisions, each answer from one snapshot. Any thread; must not write."""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from sampan.contracts.store import Change, Compacted, Entry, Page, Unavailable
from sampan_sqlite.file_health import FileHealth
from sampan_sqlite.options import Options
from sampan_sqlite.schema import FIRST_REVISION, connect, last_id, revision_of

IDLE_CONNECTIONS = 4
ABOVE = "\U0010ffff"  # sorts after whatever a key goes on with

HEAD = "SELECT (SELECT max(id) FROM log), (SELECT value FROM bounds WHERE name = 'oldest')"
ENTRY_NOW = "SELECT l.value, c.id, c.created, l.crc, l.id FROM current c LEFT JOIN log l ON l.id = c.id WHERE c.key = ?"
ENTRY_THEN = "SELECT value, id, created, crc, id FROM log WHERE key = ? AND id <= ? ORDER BY id DESC LIMIT 1"
NOW = "FROM current c {rows} WHERE c.key {where} ? AND c.key < ?"
THEN = (
    "FROM (SELECT key, max(id) AS id, created FROM log WHERE key {where} ? AND key < ? AND id <= ? GROUP BY key) c"
    " {rows} WHERE c.created"
)
ROWS = "LEFT JOIN log l ON l.id = c.id"
PAGE = "SELECT c.key, l.value, c.id, c.created, l.crc, l.id {} ORDER BY c.key LIMIT ?"
CHANGES = (
    "SELECT l.id, l.key, l.created, l.value, l.previous, p.value, l.crc FROM log l LEFT JOIN log p ON p.id = l.previous"
    " WHERE l.id > ? AND l.id <= ? ORDER BY l.id"
)
NTH = "SELECT id FROM log WHERE id > ? ORDER BY id LIMIT 1 OFFSET ?"


def head(connection: sqlite3.Connection) -> tuple[int, int]:
    """(newest revision, oldest readable revision)"""
    newest, oldest = connection.execute(HEAD).fetchone()
    return (revision_of(newest) if newest else FIRST_REVISION), oldest


def changes_after(
    connection: sqlite3.Connection, condition: FileHealth, revision: int, count: int
) -> list[tuple[int, tuple[Change, ...]]]:
    """Whole commits after the revision, some ``count`` changes of them; the caller holds a transaction."""
    after = last_id(revision)
    nth = connection.execute(NTH, (after, count)).fetchone()
    until = last_id(revision_of(nth[0])) if nth else last_id(1 << 40)
    commits: list[tuple[int, list[Change]]] = []
    for id, key, created, value, previous, old, crc in connection.execute(CHANGES, (after, until)):
        condition.check_row(id, key, created, value, crc)
        number = revision_of(id)
        if not commits or commits[-1][0] != number:
            commits.append((number, []))
        commits[-1][1].append(Change(number, key, value if created else None, old, revision_of(previous)))
    return [(number, tuple(changes)) for number, changes in commits]


class Reader:
    """A small pool of read-only connections and the questions asked on them."""

    def __init__(self, options: Options, condition: FileHealth) -> None:
        self._options = options
        self._condition = condition
        self._idle: deque[sqlite3.Connection] = deque()
        self._closed = False
        self._floor = 0

    def forbid(self, before: int) -> None:
        """Answer Compacted for earlier revisions from now on, however far the compaction in the file has come."""
        self._floor = max(self._floor, min(before, self.revision()))

    def revision(self) -> int:
        with self._connection() as connection:
            return head(connection)[0]

    def get(self, key: str, revision: int) -> Entry | None:
        with self._connection() as connection:
            if not revision:
                return self._entry(key, connection.execute(ENTRY_NOW, (key,)).fetchone())
            with _snapshot(connection):
                self._check(revision, head(connection)[1])
                return self._entry(key, connection.execute(ENTRY_THEN, (key, last_id(revision))).fetchone())

    def page(self, prefix: str, after: str, limit: int, revision: int) -> Page:
        with self._connection() as connection, _snapshot(connection):
            newest, oldest = head(connection)
            if revision:
                self._check(revision, oldest)
            past = 0 < revision < newest
            form, more_facts = (THEN, [last_id(revision)]) if past else (NOW, [])
            where = form.format(rows=ROWS, where=">" if after >= prefix and after else ">=")
            facts = (max(after, prefix), prefix + ABOVE, *more_facts)
            rows = connection.execute(
                PAGE.format(where),
                (*facts, limit + 1 if limit else -1),
            ).fetchall()
            remaining = 0
            if limit and len(rows) > limit:
                rows.pop()
                total = connection.execute(
                    f"SELECT count(*) {form.format(rows='', where='>')}", (rows[-1][0], prefix + ABOVE, *more_facts)
                ).fetchone()
                remaining = total[0]
            for key, value, id, created, crc, found in rows:
                self._check_row(id, key, created, value, crc, found)
            entries = [Entry(key, value, revision_of(id), created) for key, value, id, created, _, _ in rows]
            return Page(entries, revision if past else newest, remaining > 0, remaining)

    def changes(self, after: int, count: int) -> list[tuple[int, tuple[Change, ...]]]:
        """Whole commits after the revision, some ``count`` changes of them; raises Compacted."""
        with self._connection() as connection, _snapshot(connection):
            self._check(after, head(connection)[1])
            return changes_after(connection, self._condition, after, count)

    def close(self) -> None:
        self._closed = True
        self._close_idle()

    def _entry(self, key: str, row: tuple[bytes, int, int, int | None, int | None] | None) -> Entry | None:
        if row is None or not row[2]:
            return None
        value, id, created, crc, found = row
        self._check_row(id, key, created, value, crc, found)
        return Entry(key, value, revision_of(id), created)

    def _check_row(self, id: int, key: str, created: int, value: bytes, crc: int | None, found: int | None) -> None:
        if found is None:
            raise self._condition.damaged(f"the entry {key} is not in the log")
        self._condition.check_row(id, key, created, value, crc)

    def _check(self, revision: int, oldest: int) -> None:
        oldest = max(oldest, self._floor)
        if revision < oldest:
            raise Compacted(oldest)

    def _close_idle(self) -> None:
        while self._idle:
            try:
                self._idle.pop().close()
            except IndexError:  # another thread took the last one
                return

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        if self._closed:
            raise Unavailable("the store is closed")
        with self._condition.translated():
            try:
                connection = self._idle.pop()
            except IndexError:
                connection = connect(self._options, reading=True)
            try:
                yield connection
            except sqlite3.Error:
                connection.close()  # whatever is wrong with it, the next reader gets a new one
                raise
            except BaseException:
                self._give_back(connection)
                raise
            self._give_back(connection)

    def _give_back(self, connection: sqlite3.Connection) -> None:
        if len(self._idle) < IDLE_CONNECTIONS:
            self._idle.append(connection)
        else:
            connection.close()
        if self._closed:
            self._close_idle()


@contextmanager
def _snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("COMMIT")
