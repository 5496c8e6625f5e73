"""How often drift is put back, so that a member's controller that changes an object all the time costs little.

The first correction is at once, the next ones half a second, one, two and four seconds after each other: within the 5 s
in which drift is put back. After a minute without drift the pauses begin again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import NamedTuple

FIRST, LONGEST, QUIET = 0.5, 4.0, 60.0  # seconds
MOST = 10_000  # objects that are remembered


class _Last(NamedTuple):
    at: float
    pause: float


class Corrections:
    """Thread-safe."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._last: dict[Hashable, _Last] = {}

    def pause(self, key: Hashable) -> float:
        """0: the drift of this object may be put back now, which counts as done; else seconds to wait."""
        with self._lock:
            now, last = self._clock(), self._last.get(key)
            if last is not None and now - last.at < last.pause:
                return last.at + last.pause - now
            begins = last is None or now - last.at >= QUIET
            if begins and len(self._last) >= MOST:
                self._last = {each: was for each, was in self._last.items() if now - was.at < QUIET}
            self._last[key] = _Last(now, FIRST if last is None or begins else min(last.pause * 2, LONGEST))
            return 0.0
