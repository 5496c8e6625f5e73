"""Spaces out decisions that compute for long. Must not know what a key means.

A decision about a ReplicaSet looks at all of its pods, and each of these changes several times on its way: with a
thousand pods that is thousands of decisions of milliseconds each, of which nearly all find a state that is outdated
when they are done. Changes that come while a key waits are one decision.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable

CHEAP = 0.001  # seconds of computing below which a key never waits
REST = 40.0  # how many times as long as a decision takes its key waits for the next
LONGEST = 1.0  # seconds


class Pacing:
    """Of each key the cost of its last decision, and until when it waits. Safe to be used by several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[Hashable, tuple[float, float]] = {}

    def wait(self, key: Hashable, now: float) -> float:
        """Seconds that the key has to wait, 0 for none."""
        _, until = self._known.get(key, (0.0, 0.0))
        return max(0.0, until - now)

    def decided(self, key: Hashable, cost: float, now: float) -> None:
        """``cost``: seconds of computing. The first costly decision causes no wait: it may have imported modules."""
        with self._lock:
            if cost < CHEAP:
                self._known.pop(key, None)
                return
            before, _ = self._known.get(key, (0.0, 0.0))
            self._known[key] = cost, now + min(LONGEST, REST * min(cost, before))
