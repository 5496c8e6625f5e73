"""The work queue: deduplicating, fair between reconcilers, with delays and per-key back-off.

A key that is being processed is not returned a second time; if it is added meanwhile, it is queued again afterwards.
Has no thread: the waiting workers run the timers. Must not know what a key means.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from typing import NamedTuple

_FIRST = 0.005  # seconds of back-off, doubled with each failure
_LONGEST = 1000.0


class Item(NamedTuple):
    """A key of one reconciler; ``lane`` is the reconciler's number."""

    lane: int
    key: Hashable


class Queue:
    """``limits``: for each lane, how many of its keys may be processed at once. Lanes start closed: they collect keys
    and return none until ``open``."""

    def __init__(self, limits: Sequence[int], clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._limits = list(limits)
        self._lanes: list[deque[Item]] = [deque() for _ in limits]
        self._open = [False] * len(self._limits)
        self._active = [0] * len(self._limits)
        self._turn = 0
        self._waiting: set[Item] = set()
        self._working: set[Item] = set()
        self._again: set[Item] = set()
        self._timers: list[tuple[float, int, Item]] = []
        self._due: dict[Item, float] = {}
        self._count = itertools.count()
        self._failures: dict[Item, int] = {}
        self._timer_worker: object = None  # the waiting worker that wakes for the next timer
        self._closed = False

    def open(self, lane: int) -> None:
        with self._changed:
            self._open[lane] = True
            self._changed.notify_all()

    def add(self, item: Item) -> None:
        with self._changed:
            self._add(item)

    def add_after(self, item: Item, delay: float) -> None:
        """Add the item after ``delay`` seconds; of several delays of one item, the earliest applies."""
        if delay <= 0:
            self.add(item)
            return
        due = self._clock() + delay
        with self._changed:
            if due < self._due.get(item, float("inf")):
                self._due[item] = due
                heapq.heappush(self._timers, (due, next(self._count), item))
                self._changed.notify_all()  # the timer may be earlier than the one waited for

    def add_limited(self, item: Item) -> float:
        """Add the item after its back-off. Returns the back-off in seconds."""
        with self._changed:
            failures = self._failures.get(item, 0)
            self._failures[item] = failures + 1
        delay = min(_FIRST * 2.0 ** min(failures, 30), _LONGEST)
        self.add_after(item, delay)
        return delay

    def forget(self, item: Item) -> None:
        """Reset the item's back-off."""
        with self._changed:
            self._failures.pop(item, None)

    def get(self) -> Item | None:
        """Wait for the next item and return it; None once the queue is closed. Call ``done`` afterwards."""
        with self._changed:
            while not self._closed:
                item = self._next()
                if item is not None:
                    return item
                self._wait()
            return None

    def take(self) -> Item | None:
        """The next item that is due now, without waiting. Call ``done`` afterwards."""
        with self._changed:
            return None if self._closed else self._next()

    def due(self) -> float | None:
        """The time of the next timer by the queue's clock; None without timers."""
        with self._changed:
            return self._timers[0][0] if self._timers else None

    def done(self, item: Item) -> None:
        with self._changed:
            self._working.discard(item)
            self._active[item.lane] -= 1
            if item in self._again:
                self._again.discard(item)
                self._add(item)
            elif self._lanes[item.lane]:
                self._changed.notify()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def __len__(self) -> int:
        return len(self._waiting)

    def _add(self, item: Item) -> None:
        if item in self._working:
            self._again.add(item)
        elif item not in self._waiting:
            self._waiting.add(item)
            self._lanes[item.lane].append(item)
            self._changed.notify()

    def _next(self) -> Item | None:
        now = self._clock()
        while self._timers and self._timers[0][0] <= now:
            due, _, item = heapq.heappop(self._timers)
            if self._due.get(item) == due:
                del self._due[item]
                self._add(item)
        for offset in range(len(self._lanes)):
            lane = (self._turn + offset) % len(self._lanes)
            if self._lanes[lane] and self._open[lane] and self._active[lane] < self._limits[lane]:
                self._turn = lane + 1
                item = self._lanes[lane].popleft()
                self._waiting.discard(item)
                self._working.add(item)
                self._active[lane] += 1
                return item
        return None

    def _wait(self) -> None:
        """Wait for a change. Only one of the waiting workers wakes for the next timer, so that idle workers cost
        nothing."""
        if not self._timers or self._timer_worker is not None:
            self._changed.wait()
            return
        self._timer_worker = me = object()
        try:
            self._changed.wait(max(0.0, self._timers[0][0] - self._clock()))
        finally:
            if self._timer_worker is me:
                self._timer_worker = None
                if self._timers:
                    self._changed.notify()  # another worker waits for the timer while this one works
