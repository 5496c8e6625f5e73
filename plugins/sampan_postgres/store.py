"""The Store: puts reader, writer, feed, listener and upkeep together."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from sampan.contracts.store import Done, Entry, Op, Page, Unavailable
from sampan_postgres.connections import connect, read_settings, translated
from sampan_postgres.feed import SharedFeed
from sampan_postgres.listener import Listener
from sampan_postgres.options import Options
from sampan_postgres.reader import Reader
from sampan_postgres.revision_queries import RevisionQueries
from sampan_postgres.schema import prepare
from sampan_postgres.transaction import MOST_CHANGES
from sampan_postgres.upkeep import Upkeep
from sampan_postgres.writer import Writer
from sampan_stores import commits
from sampan_stores.feed import Watch


class PostgresStore:
    """A schema of a PostgreSQL database as a revisioned log. Open it after forking; any number of processes may."""

    def __init__(self, options: Options) -> None:
        settings = read_settings(options)
        channel = f"sampan_{options.schema}"
        with translated():
            with connect(settings, options) as connection:
                prepare(connection, options)
            self._reader = Reader(settings, options)
            self._feed = SharedFeed(self._reader)
            self._listener = Listener(settings, options, self._feed, channel)
        self._writer = Writer(settings, options, self._feed, channel)
        self._upkeep = Upkeep(settings, options, self._writer.submit)
        self._asking = RevisionQueries(self._reader.revision)
        self._closing = threading.Lock()
        self._closed = False

    def revision(self) -> int:
        return self._reader.revision()

    def ask_revision(self, done: Done) -> None:
        self._asking.ask(done)

    def get(self, key: str, *, revision: int = 0) -> Entry | None:
        return self._reader.get(key, revision)

    def page(self, prefix: str, *, after: str = "", limit: int = 0, revision: int = 0) -> Page:
        return self._reader.page(prefix, after, limit, revision)

    def commit(self, *ops: Op) -> int:
        return commits.commit(self.submit, ops)

    def submit(self, ops: Sequence[Op], done: Done) -> None:
        ops = commits.accepted(ops, MOST_CHANGES)
        for op in ops:
            op.key.encode()  # raises UnicodeError, a ValueError, before others are grouped with it
        self._writer.submit(ops, done)

    def watch(self, after: int) -> Watch:
        if self._closed:
            raise Unavailable("the store is closed")
        return Watch(self._feed, self._reader.changes, after)

    def compact(self, revision: int) -> None:
        if self._closed:
            raise Unavailable("the store is closed")
        self._reader.forbid(min(revision, self._feed.newest))
        self._writer.compact(revision)

    def close(self) -> None:
        with self._closing:
            if self._closed:
                return
            self._closed = True
            self._upkeep.close()
            self._writer.close()
            self._asking.close()
            self._feed.close()
            self._listener.close()
            self._reader.close()
