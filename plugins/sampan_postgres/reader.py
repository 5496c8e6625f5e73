"""Reads the present and earlier revisions, each answer from one snapshot. Any thread; must not write."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from sampan.contracts.store import Change, Compacted, Entry, Page, Unavailable
from sampan_postgres.connections import Connection, connect, pipelined, translated
from sampan_postgres.options import Options
from sampan_postgres.schema import ABOVE, last_id, revision_of
from sampan_stores.feed import Commit

IDLE_CONNECTIONS = 4

SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
NEWEST = "SELECT revision FROM head"
HEAD = "SELECT (SELECT revision FROM head), (SELECT value FROM bounds WHERE name = 'oldest')"
ENTRY_NOW = "SELECT l.value, c.id, c.created FROM current c JOIN log l ON l.id = c.id WHERE c.key = %s"
ENTRY_THEN = "SELECT value, id, created FROM log WHERE key = %s AND id <= %s ORDER BY id DESC LIMIT 1"
NOW = "FROM current c WHERE c.key {} %s AND c.key < %s"
THEN = (
    "FROM (SELECT DISTINCT ON (key) key, id, created FROM log WHERE key {} %s AND key < %s AND id <= %s"
    " ORDER BY key, id DESC) c WHERE c.created > 0"
)
PAGE = (
    "SELECT p.key, l.value, p.id, p.created FROM (SELECT c.key, c.id, c.created {} ORDER BY c.key LIMIT %s) p"
    " JOIN log l ON l.id = p.id ORDER BY p.key"
)
CHANGES = (
    "SELECT l.id, l.key, l.created, l.value, l.previous, p.value FROM log l LEFT JOIN log p ON p.id = l.previous"
    " WHERE l.id > %s AND l.id <= COALESCE((SELECT id | 65535 FROM log WHERE id > %s ORDER BY id OFFSET %s LIMIT 1),"
    " 9223372036854775807) ORDER BY l.id"
)


class Reader:
    """A small pool of connections and the questions asked on them."""

    def __init__(self, settings: dict[str, Any], options: Options) -> None:
        self._settings = settings
        self._options = options
        self._idle: deque[Connection] = deque()
        self._closed = False
        self._floor = 0

    def forbid(self, before: int) -> None:
        """Answer Compacted for earlier revisions from now on, before the database says so."""
        self._floor = max(self._floor, before)

    def revision(self) -> int:
        newest: int = self._ask((NEWEST, ()))[0][0][0]
        return newest

    def get(self, key: str, revision: int) -> Entry | None:
        if not revision:
            return _entry(key, self._ask((ENTRY_NOW, (key,)))[0])
        _, (head,), rows, _ = self._ask(
            (SNAPSHOT, ()), (HEAD, ()), (ENTRY_THEN, (key, last_id(revision))), ("COMMIT", ())
        )
        self._check(revision, head[1])
        return _entry(key, rows)

    def page(self, prefix: str, after: str, limit: int, revision: int) -> Page:
        past = revision > 0 and revision <= self.revision()
        form, facts = (THEN, (last_id(revision),)) if past else (NOW, ())
        bounds = (max(after, prefix), prefix + ABOVE, *facts)
        more = (f"SELECT count(*) {form.format('>')}" if limit else "SELECT 0", bounds if limit else ())
        page = PAGE.format(form.format(">" if after >= prefix and after else ">="))
        _, (head,), rows, ((total,),), _ = self._ask(
            (SNAPSHOT, ()), (HEAD, ()), (page, (*bounds, limit or None)), more, ("COMMIT", ())
        )
        if revision:
            self._check(revision, head[1])
        entries = [Entry(key, value, revision_of(id), created) for key, value, id, created in rows]
        first = bool(entries) and entries[0].key == bounds[0]  # counted are only those after it
        remaining = total + first - len(entries) if limit else 0
        return Page(entries, revision if past else head[0], remaining > 0, remaining)

    def changes(self, after: int, count: int) -> list[Commit]:
        """Whole commits after the revision, some ``count`` changes of them; raises Compacted."""
        id = last_id(after)
        _, (head,), rows, _ = self._ask((SNAPSHOT, ()), (HEAD, ()), (CHANGES, (id, id, count)), ("COMMIT", ()))
        self._check(after, head[1])
        commits: list[tuple[int, list[Change]]] = []
        for id, key, created, value, previous, old in rows:
            number = revision_of(id)
            if not commits or commits[-1][0] != number:
                commits.append((number, []))
            commits[-1][1].append(Change(number, key, value if created else None, old, revision_of(previous)))
        return [(number, tuple(changes)) for number, changes in commits]

    def close(self) -> None:
        self._closed = True
        self._close_idle()

    def _check(self, revision: int, oldest: int) -> None:
        oldest = max(oldest, self._floor)
        if revision < oldest:
            raise Compacted(oldest)

    def _ask(self, *statements: tuple[str, tuple[Any, ...]]) -> list[list[tuple[Any, ...]]]:
        """Questions may be asked again: on a new connection where an idle one turns out to be dead."""
        try:
            with self._connection() as connection:
                return pipelined(connection, *statements)
        except psycopg.Error:
            self._close_idle()
        with translated(), self._connection() as connection:
            return pipelined(connection, *statements)

    def _close_idle(self) -> None:
        while self._idle:
            try:
                self._idle.pop().close()
            except IndexError:  # another thread took the last one
                return

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        if self._closed:
            raise Unavailable("the store is closed")
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = connect(self._settings, self._options)
        try:
            yield connection
        except BaseException:
            connection.close()  # whatever is wrong with it, the next reader gets a new one
            raise
        if len(self._idle) < IDLE_CONNECTIONS and not self._closed:
            self._idle.append(connection)
        else:
            connection.close()
        if self._closed:
            self._close_idle()


def _entry(key: str, rows: list[tuple[Any, ...]]) -> Entry | None:
    if not rows or not rows[0][2]:
        return None
    value, id, created = rows[0]
    return Entry(key, value, revision_of(id), created)
