"""How late an event loop is: a timer that asks to be called again and again, and notes how much later it is.

What the machine takes for other processes does not count: lateness is wall time, but at most the processor time that
this process has used since the timer was set.
"""

from __future__ import annotations

import time

from sampan_http.loop import EventLoop

#: Seconds of the processor for ``slowness``'s work, on the machine on which the bounds were found.
USUAL = 0.0028


def slowness() -> float:
    """How many times as long as usual this machine's processor needs now, at least 1: a bound in seconds of the
    processor is a bound of work only together with this."""
    spent = []
    for _ in range(3):
        began, found = time.thread_time(), 0
        for number in range(100_000):
            found += number & 7
        spent.append(time.thread_time() - began)
    return max(1.0, min(spent) / USUAL)


class LagMeter:
    """Measures on the loop itself what a client beside would wait. ``start`` and ``stop`` on the loop's thread."""

    def __init__(self, loop: EventLoop, interval: float = 0.002) -> None:
        self.longest = 0.0  # seconds
        self.calls = 0
        self._loop = loop
        self._interval = interval
        self._due = self._used = 0.0
        self._stopped = False

    def start(self) -> None:
        self._due = time.monotonic() + self._interval
        self._used = time.process_time()
        self._loop.call_later(self._interval, self._called)

    def stop(self) -> None:
        self._stopped = True

    def _called(self) -> None:
        self.calls += 1
        late = min(time.monotonic() - self._due, time.process_time() - self._used)
        self.longest = max(self.longest, late)
        if not self._stopped:
            self.start()
