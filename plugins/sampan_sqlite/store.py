"""The Store: puts reader, writer, feed and notices together."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from sampan.contracts.store import Done, Entry, Op, Page, Unavailable, Unusable
from sampan_sqlite.commit_counter import CommitCounter
from sampan_sqlite.file_health import FileHealth
from sampan_sqlite.options import Options
from sampan_sqlite.peer_notifier import PeerNotifier
from sampan_sqlite.reader import Reader
from sampan_sqlite.reserve import DiskReserve
from sampan_sqlite.schema import check_aside, is_checked_at_once, prepare
from sampan_sqlite.transaction import MOST_CHANGES
from sampan_sqlite.writer import Writer
from sampan_stores import commits
from sampan_stores.feed import Feed, Watch


class SqliteStore:
    """One SQLite file as a revisioned log. Open it after forking; any number of processes may."""

    def __init__(self, options: Options) -> None:
        self._condition = FileHealth(options.path)
        self._seen = (-1, 0)  # the turn, and the newest revision in it
        try:
            prepare(options, self._condition)
            self._turns = CommitCounter(options.path)
            self._reader = Reader(options, self._condition)
            self._feed = Feed(self._reader.revision())
            self._notices = PeerNotifier(options.path)
            self._reserve = DiskReserve(options.path, options.reserve << 20)
        except OSError as error:
            place = error.filename or options.path
            raise Unusable(
                f"the store cannot be opened: {place}: {error.strerror or error}; it must be a place that this user "
                "may read and write"
            ) from error
        self._writer = Writer(options, self._feed, self._notices, self._turns, self._condition, self._reserve)
        self._closing = threading.Lock()
        self._closed = False
        if options.check == "auto" and not is_checked_at_once(options):
            threading.Thread(
                target=check_aside, args=(options, self._condition), name="sqlite-check", daemon=True
            ).start()

    @property
    def trouble(self) -> str:
        return self._condition.words() if self._condition.damage else self._reserve.trouble

    def revision(self) -> int:
        turn = self._turns.now()  # before asking: a commit that falls between makes the answer newer than its turn
        seen, revision = self._seen
        if turn != seen or self._closed:
            revision = self._reader.revision()
            self._seen = (turn, revision)
        return revision

    def get(self, key: str, *, revision: int = 0) -> Entry | None:
        return self._reader.get(key, revision)

    def page(self, prefix: str, *, after: str = "", limit: int = 0, revision: int = 0) -> Page:
        return self._reader.page(prefix, after, limit, revision)

    def commit(self, *ops: Op) -> int:
        return commits.commit(self.submit, ops)

    def submit(self, ops: Sequence[Op], done: Done) -> None:
        self._writer.submit(commits.accepted(ops, MOST_CHANGES), done)

    def watch(self, after: int) -> Watch:
        if self._closed:
            raise Unavailable("the store is closed")
        return Watch(self._feed, self._reader.changes, after)

    def compact(self, revision: int) -> None:
        self._reader.forbid(revision)
        self._writer.compact(revision)

    def close(self) -> None:
        with self._closing:
            if self._closed:
                return
            self._closed = True
            self._writer.close()
            self._feed.close()
            self._reader.close()
            self._notices.close()
