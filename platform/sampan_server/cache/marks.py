"""About when each revision was written: by this a moment becomes a revision, and history is compacted by age.

A mark is (time, the newest revision then). Marks are kept in memory, one a second at most, and the last revision
before each pause of a second. Where more history is kept
than the default, one every ten seconds is also written into the store, so that they survive a restart: a fixed number
of small keys, written in turn. With the default nothing is written. Knows the store contract, no objects.
"""

from __future__ import annotations

import contextlib
import threading
from bisect import bisect_left, bisect_right
from collections.abc import Callable

from sampan.contracts.store import Put, Store, Unavailable

DEFAULT = 300.0  # seconds of history without a setting
PREFIX = "/sampan.history/marks/"
WRITE_EVERY = 10.0  # seconds between marks in the store, and between compactions
MOST = 3600  # marks in memory; with more history they are further apart


class Marks:
    """Thread-safe; the lock is held for a few list operations only."""

    def __init__(self, keep: float = DEFAULT) -> None:
        self.keep = keep
        self._every = max(1.0, keep / MOST)
        self._writes = keep > DEFAULT
        self._write_every = max(WRITE_EVERY, keep / 720)
        self._times: list[float] = []
        self._revisions: list[int] = []
        self._last: tuple[float, int] | None = None  # the newest revision, where it is later than the last mark
        self._written = self._compacted = float("-inf")
        self._lock = threading.Lock()

    def load(self, store: Store) -> None:
        """Those of earlier processes and of other servers."""
        if not self._writes:
            return
        found = []
        for entry in store.page(PREFIX).entries:
            try:
                found.append((float(entry.value), entry.revision))
            except ValueError:
                continue
        with self._lock:
            for at, revision in sorted(found):
                self._append(at, revision)

    def note(self, now: float, revision: int) -> int:
        """The revision is the newest now. Answers the revision to compact to, 0 for none now."""
        with self._lock:
            if self._times and now < self._times[-1] + self._every:
                self._last = (now, revision)
                return 0
            if self._last is not None:
                self._append(*self._last)
                self._last = None
            self._append(now, revision)
            old = bisect_left(self._times, now - self.keep)
            if not old or now < self._compacted + WRITE_EVERY:
                return 0
            self._compacted = now
            horizon = self._revisions[old - 1]
            del self._times[:old], self._revisions[:old]
            return horizon

    def to_write(self, now: float) -> Put | None:
        """The mark to put into the store now, None for none."""
        if not self._writes or now < self._written + self._write_every:
            return None
        self._written = now
        slots = int(self.keep / self._write_every) + 2
        return Put(f"{PREFIX}{int(now / self._write_every) % slots}", b"%.3f" % now)

    def revision_at(self, moment: float) -> int:
        """The newest revision of which it is known that it was written by then; 0 where none is."""
        with self._lock:
            if self._last is not None and self._last[0] <= moment:
                return self._last[1]
            place = bisect_right(self._times, moment)
            return self._revisions[place - 1] if place else 0

    def time_of(self, revision: int) -> float:
        """When the revision was there at the latest; 0 where that is not known."""
        with self._lock:
            place = bisect_left(self._revisions, revision)
            if place == len(self._revisions) and self._last is not None and revision <= self._last[1]:
                return self._last[0]
            if place == len(self._revisions) or (not place and revision < self._revisions[0]):
                return 0.0
            return self._times[place]

    def since(self) -> float:
        """The first moment that is known, 0 for none."""
        with self._lock:
            return self._times[0] if self._times else 0.0

    def below(self, revision: int, most: int) -> list[int]:
        """Up to so many marked revisions before that one, spread evenly, the newest first."""
        with self._lock:
            found = self._revisions[: bisect_left(self._revisions, revision)][::-1]
            if self._last is not None and self._last[1] < revision:
                found.insert(0, self._last[1])
        return found[:: max(1, -(-len(found) // most))]

    def _append(self, at: float, revision: int) -> None:
        if self._times and (at < self._times[-1] or revision < self._revisions[-1]):
            return  # a clock that was set back: the mark before stands
        self._times.append(at)
        self._revisions.append(revision)


def write(store: Store, mark: Put, done: Callable[[object], None] = lambda outcome: None) -> None:
    """Not waited for; where it fails, the next mark is as good."""
    with contextlib.suppress(Unavailable):
        store.submit((mark,), done)
