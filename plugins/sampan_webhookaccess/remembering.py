"""Answers that are remembered for a while. Knows no tokens and no reviews; the clock is passed in."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


class Remembered(Generic[Answer]):
    """At most ``most`` answers; the one that has not been asked for the longest goes first. ``ask`` is called once for
    a key that several threads want at the same time."""

    def __init__(self, most: int, clock: Callable[[], float]) -> None:
        self._most, self._clock = most, clock
        self._known: OrderedDict[Hashable, tuple[float, Answer]] = OrderedDict()
        self._asking: dict[Hashable, threading.Lock] = {}
        self._lock = threading.Lock()

    def get(self, key: Hashable, ask: Callable[[], tuple[Answer, float]]) -> Answer:
        """What is remembered, else what ``ask`` returns, for as many seconds as it says. What it raises is not kept."""
        known = self._find(key)
        if known is not None:
            return known[1]
        with self._lock:
            turn = self._asking.setdefault(key, threading.Lock())
        with turn:
            try:
                known = self._find(key)
                if known is not None:
                    return known[1]
                answer, seconds = ask()
                if seconds > 0:
                    self._put(key, answer, seconds)
                return answer
            finally:
                with self._lock:
                    self._asking.pop(key, None)

    def _find(self, key: Hashable) -> tuple[float, Answer] | None:
        with self._lock:
            known = self._known.get(key)
            if known is None:
                return None
            if known[0] <= self._clock():
                del self._known[key]
                return None
            self._known.move_to_end(key)
            return known

    def _put(self, key: Hashable, answer: Answer, seconds: float) -> None:
        with self._lock:
            self._known[key] = (self._clock() + seconds, answer)
            if len(self._known) > self._most:
                self._known.popitem(last=False)
