"""Health of the add-on, from the health of its parts: ready when all are. Must not know the parts."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Health:
    """Tells only what is new. Thread-safe."""

    def __init__(self, ready: Callable[[str], None], failing: Callable[[str], None]) -> None:
        self._ready, self._failing = ready, failing
        self._lock = threading.Lock()
        self._troubles: dict[str, str] = {}
        self._begun = False
        self._said: str | None = None
        self.words = "ready"  # said when all is well

    def say(self, part: str, trouble: str) -> None:
        """Set what is wrong with a part, in words; "": nothing is."""
        with self._lock:
            if trouble:
                self._troubles[part] = trouble
            else:
                self._troubles.pop(part, None)
            self._tell()

    def begin(self, words: str) -> None:
        """All parts have started."""
        with self._lock:
            self._begun, self.words = True, words
            self._tell()

    def _tell(self) -> None:
        now = "; ".join(self._troubles.values())
        if now == self._said or not (now or self._begun):
            return
        self._said = now
        if now:
            self._failing(now)
        else:
            self._ready(self.words)
