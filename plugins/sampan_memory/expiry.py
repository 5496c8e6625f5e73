"""Expiry of entries. One thread, started with the first entry; knows keys and times, not the store."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable


class Expiry:
    """Calls ``expire(key, revision)`` when the clock has passed the time."""

    def __init__(self, expire: Callable[[str, int], None], clock: Callable[[], float]) -> None:
        self._expire = expire
        self._clock = clock
        self._heap: list[tuple[float, str, int]] = []
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False

    def add(self, at: float, key: str, revision: int) -> None:
        with self._changed:
            heapq.heappush(self._heap, (at, key, revision))
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._run, name="memory-store-expiry", daemon=True)
                self._thread.start()
            self._changed.notify()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        while (due := self._next()) is not None:
            self._expire(*due)

    def _next(self) -> tuple[str, int] | None:
        with self._changed:
            while not self._closed:
                wait = self._heap[0][0] - self._clock() if self._heap else None
                if wait is not None and wait <= 0:
                    _, key, revision = heapq.heappop(self._heap)
                    return key, revision
                self._changed.wait(wait)
            return None
