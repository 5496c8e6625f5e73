"""Clocks of test clusters: one that runs on and can be moved forward, and one that stands still but for that."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

TICK = 1e-6  # seconds


class RunningClock:
    """The machine's time plus what it has been moved forward. ``move`` is set by the cluster that it belongs to."""

    def __init__(self) -> None:
        self._ahead = 0.0
        self.move: Callable[[float], None] = self._move

    def time(self) -> float:
        """Seconds since the epoch."""
        return time.time() + self._ahead

    def real(self, seconds: float) -> float:
        """How long a span of this clock takes by the machine's: as long."""
        return seconds

    def advance(self, seconds: float) -> None:
        """Let so many seconds pass: all timers that end meanwhile do their work, in order, before this returns."""
        if seconds < 0:
            raise ValueError("time goes forward only")
        self.move(seconds)

    def jump(self, to: float) -> None:
        """Forward to that time, without any work; for the cluster's engine."""
        self._ahead += max(0.0, to - self.time())

    def _move(self, seconds: float) -> None:
        self.jump(self.time() + seconds)


class VirtualClock(RunningClock):
    """Stands still between two moves, but for a microsecond each time its own thread reads it, so that no two
    moments are equal. Other threads (of the API server) do not move it: when they read is not for the seed to
    decide."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        super().__init__()
        self._now = now
        self._owner = threading.get_ident()

    def time(self) -> float:
        if threading.get_ident() == self._owner:
            self._now += TICK
        return self._now

    def jump(self, to: float) -> None:
        self._now = max(self._now, to)
