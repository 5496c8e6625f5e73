"""Watches of a store: a ring buffer with the newest commits in memory, and the log for watches that are further behind.

The only state of a watch is its position. While that lies in the ring, the watch is served from memory; a slow watch,
or one that starts in the past, reads the log until it has caught up. So a watch cannot block a writer, costs no memory,
and misses nothing.
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
#: ``changes(after, limit)`` reads complete commits from the log, about ``limit`` changes; raises Compacted.
ReadChanges = Callable[[int, int], list[Commit]]


class Feed:
    """The newest commits. Revisions have no gaps, so a position in the ring is computed. Thread-safe."""

    def __init__(self, newest: int) -> None:
        self.newest = newest
        self._ring: deque[Commit] = deque()
        self._bytes = 0
        self._grown = threading.Condition()
        self._lost: Unavailable | None = None
        self._closed = False

    def append(self, commits: Sequence[Commit]) -> bool:
        """Add commits in the order of their revisions; known ones are skipped.

        Returns False, and adds nothing, if a revision between ``newest`` and the first of them is missing.
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
        """Set ``newest`` without the commits in between: watches read those from the log, or raise Compacted."""
        with self._grown:
            self._ring.clear()
            self._bytes = 0
            self.newest = max(newest, self.newest)
            self._grown.notify_all()

    def lose(self, error: Unavailable) -> None:
        """Commits of other processes do not arrive now: raise ``error`` in all watches until ``find``."""
        with self._grown:
            self._lost = error
            self._grown.notify_all()

    def find(self) -> None:
        with self._grown:
            self._lost = None

    def take(self, watch: Watch) -> list[Commit] | None:
        """The commits after the watch's position; empty if none came in time; None if they are not in the ring."""
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
    """One watch's position in the feed; satisfies ``contracts.store.Watch``."""

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
        if not self._started:  # not from the ring, which may still hold compacted revisions
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
