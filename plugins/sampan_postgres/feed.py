"""The feed of a database that others write to as well.

Two threads append commits: the writer of this process, and the listener for other processes. Either may be first, so a
known commit is skipped, and a gap is read from the database."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from sampan.contracts.store import Compacted
from sampan_postgres.reader import Reader
from sampan_stores.feed import CATCH_UP, Commit, Feed


class SharedFeed(Feed):
    """A Feed that reads gaps from the database."""

    def __init__(self, reader: Reader) -> None:
        super().__init__(reader.revision())
        self._reader = reader
        self._reading = threading.Lock()

    def offer(self, commits: Sequence[Commit]) -> None:
        """Commits in the order of their revisions, without holes among them; what lies before them is read."""
        if not self.append(commits):
            self.catch_up()

    def catch_up(self) -> None:
        """Read what has been committed since; raises Unavailable."""
        with self._reading:
            while True:
                try:
                    commits = self._reader.changes(self.newest, CATCH_UP)
                except Compacted:
                    self.skip(self._reader.revision())
                    continue
                if not commits:
                    return
                self.append(commits)
