"""Watches of a store: a short ring of the newest commits in memory, the log for a watch that is further behind.

A watch has nothing but its position. As long as that lies in the ring it is fed without touching the disk; a watch
that is slow, or starts in the past, reads the log until it has caught up. So no watcher can hold up a writer or
cost memory, and none misses anything.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from sampan.contracts.store import Change, Unavailable

SIGN_OF_LIFE = 10.0  # seconds between empty batches of an idle watch
RING_COMMITS = 1024
RING_BYTES = 4 << 20
CATCH_UP = 500  # changes read from the log at a time

Commit = tuple[int, tuple[Change, ...]]
#: ``changes(after, limit)`` reads commits from the log, whole ones, about so many changes; raises Compacted.
ReadChanges = Callable[[int, int], list[Commit]]


class Feed:
    """The newest commits. Revisions have no holes, so a position in the ring is arithmetic. Thread-safe."""

    def __init__(self, newest: int) -> None:
        self.newest = newest
        self._ring: deque[Commit] = deque()
        self._bytes = 0
        self._grown = threading.Condition()
        self._lost: Unavailable | None = None
        self._closed = False

    def append(self, commits: Sequence[Commit]) -> bool:
        """Add commits in the order of their revisions; those that are known are passed over.

        False, and nothing is added, where a revision between ``newest`` and the first of them is missing.
        """
        with self._grown:
            fresh = commits if commits[0][0] > self.newest else [each for each in commits if each[0] > self.newest]
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

    def skip(self, newest: int) -> None:
        """What lies between is not known here: a watch has to read it, or learn that it is compacted."""
        with self._grown:
            self._ring.clear()
            self._bytes = 0
            self.newest = max(newest, self.newest)
            self._grown.notify_all()

    def lose(self, error: Unavailable) -> None:
        """Commits of other processes are not heard of now: raise ``error`` in all watches until ``find``."""
        with self._grown:
            self._lost = error
            self._grown.notify_all()

    def find(self) -> None:
        with self._grown:
            self._lost = None

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

    def ended(self, watch: Watch) -> bool:
        return self._closed or watch.closed

    def wake(self) -> None:
        with self._grown:
            self._grown.notify_all()

    def close(self) -> None:
        self._closed = True
        self.wake()


class Watch:
    """One watcher's position in the feed; satisfies ``contracts.store.Watch``."""

    def __init__(self, feed: Feed, changes: ReadChanges, after: int) -> None:
        self.position = after
        self.closed = False
        self._feed = feed
        self._changes = changes
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
                return self._changes(self.position, CATCH_UP)
        commits = self._feed.take(self)
        return self._changes(self.position, CATCH_UP) if commits is None else commits

    def close(self) -> None:
        self.closed = True
        self._feed.wake()


def _size(commit: Commit) -> int:
    return sum(len(change.value or b"") + len(change.previous or b"") for change in commit[1])
