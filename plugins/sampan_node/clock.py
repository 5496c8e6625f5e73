"""Timers: one thread that calls functions at their time and sleeps until the next is due."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable

log = logging.getLogger(__name__)


class Alarm:
    def __init__(self, call: Callable[[], None]) -> None:
        self._call: Callable[[], None] | None = call

    def cancel(self) -> None:
        self._call = None

    def ring(self) -> None:
        if self._call is not None:
            self._call()


class Clock:
    """What is called must return at once (hand work to another thread)."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Alarm]] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="node-clock", daemon=True)
        self._thread.start()

    def at(self, moment: float, call: Callable[[], None]) -> Alarm:
        """``moment`` in seconds since the epoch; past ones are called at once."""
        alarm = Alarm(call)
        with self._changed:
            heapq.heappush(self._due, (moment, next(self._order), alarm))
            self._changed.notify()
        return alarm

    def after(self, seconds: float, call: Callable[[], None]) -> Alarm:
        return self.at(time.time() + seconds, call)

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify()
        if self._thread is not threading.current_thread():
            self._thread.join(5)

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._stopped and (not self._due or self._due[0][0] > time.time()):
                    self._changed.wait(self._due[0][0] - time.time() if self._due else None)
                if self._stopped:
                    return
                _, _, alarm = heapq.heappop(self._due)
            try:
                alarm.ring()
            except Exception:
                log.exception("node: an alarm failed")
