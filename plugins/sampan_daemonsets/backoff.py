"""How long a failed pod stays before it is replaced: one second, then twice as long each time, 15 minutes at most.

Source: failedPodsBackoff of upstream's controller. The time is passed in.
"""

from __future__ import annotations

import threading

_FIRST, _LONGEST = 1.0, 900.0  # seconds
_CLEANED = 1000  # entries from which on those that have expired are dropped


class FailedPods:
    """Remembers by key when a pod was replaced last, and for how long the next one stays. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: dict[object, tuple[float, float]] = {}  # (time, delay)

    def replace_in(self, key: object, now: float) -> float:
        """Seconds until the failed pod may be replaced; 0 counts as replaced now."""
        with self._lock:
            at, delay = self._last.get(key, (0.0, 0.0))
            if now - at < delay:
                return at + delay - now
            fresh = now - at > 2 * _LONGEST
            self._last[key] = (now, _FIRST if fresh or not delay else min(2 * delay, _LONGEST))
            if len(self._last) > _CLEANED:
                self._last = {each: seen for each, seen in self._last.items() if now - seen[0] <= 2 * _LONGEST}
            return 0.0
