"""The circuit breaker of one member: after failures in a row it is not asked for a while.

Unlike that of sampan_isolation it counts connections that fail, not calls that are late: sockets have deadlines, so no
thread is ever abandoned.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

FAILURES = 3  # in a row, until requests are refused
PAUSE = 15.0  # seconds


class Breaker:
    """Thread-safe."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._open_until = 0.0
        self._allowed = False

    def check(self) -> float:
        """0 if a request may be sent, else the seconds until one may. One is let through when the pause is over."""
        with self._lock:
            if self._failures < FAILURES:
                return 0.0
            if self._allowed:
                self._allowed = False
                return 0.0
            left = self._open_until - self._clock()
            if left > 0:
                return left
            self._open_until = self._clock() + PAUSE
            return 0.0

    def allow_one(self) -> None:
        """Let the next request through."""
        with self._lock:
            self._allowed = True

    def failed(self) -> None:
        with self._lock:
            self._failures += 1
            if self._failures >= FAILURES:
                self._open_until = self._clock() + PAUSE

    def succeeded(self) -> None:
        with self._lock:
            self._failures, self._open_until, self._allowed = 0, 0.0, False
