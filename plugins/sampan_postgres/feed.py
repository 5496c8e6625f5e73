"""Watches: a short ring of the newest commits in memory, the database for whoever is further behind.

Two tell the feed of commits: the writer of its own, the listener of others'. Either may be first, so a commit that is
known is passed over and one that would leave a hole is not taken: then the hole is read from the database.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice

from sampan.contracts.store import Change, Compacted, Unavailable
from sampan_postgres.reader import Commit, Reader

SIGN_OF_LIFE = 10.0  # seconds between empty batches of an idle watch
RING_COMMITS = 1024
RING_BYTES = 4 << 20
CATCH_UP = 500  # changes read from the database at a time


class Feed:
    """What is known of the newest commits. Revisions have no holes, so a position in the ring is arithmetic."""

    def __init__(self, reader: Reader) -> None:
        self.newest = reader.revision()
        self._reader = reader
        self._ring: deque[Commit] = deque()
        self._bytes = 0
        self._grown = threading.Condition()
        self._reading = threading.Lock()
        self._lost: Unavailable | None = None
        self._closed = False

    def offer(self, commits: Sequence[Commit]) -> None:
        """Commits in the order of their revisions, without holes among them; what lies before them is fetched."""
        if not self._append(commits):
            self.catch_up()

    def catch_up(self) -> None:
        """Read what has been committed since; raises Unavailable."""
        with self._reading:
            while True:
                try:
                    commits = self._reader.changes(self.newest, CATCH_UP)
                except Compacted:
                    self._skip(self._reader.revision())
                    continue
                if not commits:
                    return
                self._append(commits)

    def take(self, watch: Watch) -> list[Commit] | None:
        """The commits after the watch's position; empty after a while without any; None: they are not in the ring."""
        with self._grown:
            if self.newest <= watch.position:
                self._grown.wait_for(
                    lambda: self.newest > watch.position or watch.closed or self._closed or self._lost, SIGN_OF_LIFE
                )
            if self._lost is not None and self.newest <= watch.position and not self.ended(watch):
                raise self._lost
            count = max(0, self.newest - watch.position)
            if count > len(self._ring):
                return None
            return list(islice(self._ring, len(self._ring) - count, None))

    def lose(self, error: Unavailable) -> None:
        """Nobody hears of others' commits now: say so to all watches, until it is found again."""
        with self._grown:
            self._lost = error
            self._grown.notify_all()

    def find(self) -> None:
        with self._grown:
            self._lost = None

    def ended(self, watch: Watch) -> bool:
        return self._closed or watch.closed

    def wake(self) -> None:
        with self._grown:
            self._grown.notify_all()

    def close(self) -> None:
        self._closed = True
        self.wake()

    def _append(self, commits: Sequence[Commit]) -> bool:
        """False where there is a hole before them."""
        with self._grown:
            fresh = [commit for commit in commits if commit[0] > self.newest]
            if not fresh:
                return True
            if fresh[0][0] != self.newest + 1:
                return False
            for commit in fresh:
                self._ring.append(commit)
                self._bytes += _size(commit)
            while len(self._ring) > RING_COMMITS or (self._bytes > RING_BYTES and len(self._ring) > 1):
                self._bytes -= _size(self._ring.popleft())
            self.newest = fresh[-1][0]
            self._grown.notify_all()
            return True

    def _skip(self, newest: int) -> None:
        """What lies between is gone: whoever watches will learn that it is compacted."""
        with self._grown:
            self._ring.clear()
            self._bytes = 0
            self.newest = max(newest, self.newest)
            self._grown.notify_all()


class Watch:
    """One watcher's position in the feed."""

    def __init__(self, feed: Feed, reader: Reader, after: int) -> None:
        self.position = after
        self.closed = False
        self._feed = feed
        self._reader = reader
        self._started = False

    def batches(self) -> Iterator[tuple[int, Sequence[Change]]]:
        while not self._feed.ended(self):
            commits = self._take()
            if self._feed.ended(self):
                return
            if commits:
                self.position = commits[-1][0]
            yield self.position, [change for _, changes in commits for change in changes]

    def _take(self) -> list[Commit]:
        if not self._started:  # the ring may still hold what a compaction has put out of bounds
            self._started = True
            if self.position < self._feed.newest:
                return self._reader.changes(self.position, CATCH_UP)
        commits = self._feed.take(self)
        return self._reader.changes(self.position, CATCH_UP) if commits is None else commits

    def close(self) -> None:
        self.closed = True
        self._feed.wake()


def _size(commit: Commit) -> int:
    return sum(len(change.value or b"") + len(change.previous or b"") for change in commit[1])
