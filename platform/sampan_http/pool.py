"""A thread pool for blocking work: threads are started on demand and end when idle. Knows nothing of requests."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable

log = logging.getLogger(__name__)


class Pool:
    """At most ``most`` daemon threads; further jobs wait in a queue."""

    def __init__(self, most: int, idle_seconds: float) -> None:
        self._most = most
        self._idle_seconds = idle_seconds
        self._jobs: deque[Callable[[], None]] = deque()
        self._change = threading.Condition()
        self._waiting = 0
        self._threads = 0
        self._closed = False

    def submit(self, job: Callable[[], None]) -> None:
        """Run ``job`` on a pool thread. May be called from any thread."""
        with self._change:
            self._jobs.append(job)
            if self._waiting >= len(self._jobs):
                self._change.notify()
            elif self._threads < self._most:
                self._threads += 1
                threading.Thread(target=self._work, name="sampan-offload", daemon=True).start()

    def waiting(self) -> int:
        """Number of queued jobs."""
        return len(self._jobs)

    def size(self) -> int:
        """Number of threads."""
        return self._threads

    def close(self) -> None:
        """End idle threads now, and busy ones after their current job."""
        with self._change:
            self._closed = True
            self._change.notify_all()

    def _work(self) -> None:
        while (job := self._next()) is not None:
            try:
                job()
            except Exception:
                log.exception("offloaded work failed")
            del job  # it may keep a connection alive

    def _next(self) -> Callable[[], None] | None:
        with self._change:
            while not self._jobs:
                self._waiting += 1
                in_time = not self._closed and self._change.wait(self._idle_seconds)
                self._waiting -= 1
                if not self._jobs and (self._closed or not in_time):
                    self._threads -= 1
                    return None
            return self._jobs.popleft()
