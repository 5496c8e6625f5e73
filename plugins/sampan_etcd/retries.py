"""Delayed retries: one thread that calls functions later. Knows nothing of what they do."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable

log = logging.getLogger(__name__)


class Retries:
    """Begins its thread with the first thing to do; on closing, everything that waits is done at once."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._closed = False
        self._thread: threading.Thread | None = None

    def after(self, seconds: float, work: Callable[[], None]) -> bool:
        """Do the work then; False when closed."""
        with self._changed:
            if self._closed:
                return False
            heapq.heappush(self._heap, (time.monotonic() + seconds, next(self._numbers), work))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="etcd-retries", daemon=True)
                self._thread.start()
            self._changed.notify()
            return True

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        while (work := self._next()) is not None:
            try:
                work()
            except Exception:
                log.exception("something that was to be tried again failed")

    def _next(self) -> Callable[[], None] | None:
        with self._changed:
            while self._heap or not self._closed:
                wait = self._heap[0][0] - time.monotonic() if self._heap else None
                if wait is not None and (wait <= 0 or self._closed):
                    return heapq.heappop(self._heap)[2]
                self._changed.wait(wait)
            return None
