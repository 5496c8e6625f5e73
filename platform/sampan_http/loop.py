"""The event loop: epoll, calls from other threads, timers. Knows nothing of HTTP."""

from __future__ import annotations

import heapq
import logging
import os
import select
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

from sampan_http.limits import Limits
from sampan_http.queued_bytes import QueuedBytes
from sampan_http.timers import TimerWheel

log = logging.getLogger(__name__)

_BATCH = 256  # events taken from the kernel at once


class Handler(Protocol):
    def on_events(self, mask: int) -> None: ...

    def abort(self) -> None: ...


class EventLoop:
    """One thread calls ``run``. ``call_soon`` and ``stop`` are for any thread, all other methods for that thread only.

    ``on_tick`` is called about every ``tick`` seconds.
    """

    def __init__(
        self,
        tick: float = 1.0,
        on_tick: Callable[[], None] = lambda: None,
        most_queued: int = Limits.queued_bytes,
    ) -> None:
        self.now = time.monotonic()
        self.wheel = TimerWheel(tick)
        self.longest_turn = 0.0  # seconds; other connections waited that long
        self.queued = QueuedBytes(most_queued)
        self.on_tick = on_tick
        self._tick = tick
        self._epoll = select.epoll()
        self._handlers: dict[int, Handler] = {}
        self._calls: deque[Callable[[], None]] = deque()
        self._later: list[tuple[float, int, list[Callable[[], None]]]] = []
        self._serial = 0
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._woken = False
        self._thread = 0
        self._running = True
        self.closed = False
        self._epoll.register(self._wake, select.EPOLLIN)

    # -- contract of sampan_http.handoff.Loop

    def call_soon(self, function: Callable[[], None]) -> None:
        self._calls.append(function)
        if not self._woken and threading.get_ident() != self._thread:
            self._woken = True  # before the write: the next caller need not write too
            self._ring()

    def call_later(self, delay: float, function: Callable[[], None]) -> Callable[[], None]:
        self._serial += 1
        cell = [function]
        heapq.heappush(self._later, (time.monotonic() + delay, self._serial, cell))
        return cell.clear

    # -- file descriptors

    def watch(self, fd: int, mask: int, handler: Handler) -> None:
        self._epoll.register(fd, mask)
        self._handlers[fd] = handler

    def change(self, fd: int, mask: int) -> None:
        self._epoll.modify(fd, mask)

    def hand_to(self, fd: int, handler: Handler) -> None:
        self._handlers[fd] = handler

    def forget(self, fd: int) -> None:
        if self._handlers.pop(fd, None) is not None:
            self._epoll.unregister(fd)

    # -- running

    def run(self) -> None:
        """Run until ``stop``. The caller closes what is still open then."""
        self._thread = threading.get_ident()
        next_tick = 0.0
        while self._running:
            self.now = now = time.monotonic()
            if now >= next_tick:
                next_tick = now + self._tick
                self.wheel.advance(now)
                self.on_tick()
            if self._calls:
                wait = 0.0
            elif self._later and self._later[0][0] < next_tick:
                wait = max(self._later[0][0] - now, 0.0)
            else:
                wait = max(next_tick - now, 0.0)
            self._turn(wait)

    def stop(self) -> None:
        """Make ``run`` return soon. For any thread and for signal handlers."""
        self._running = False
        self._ring()

    def wake(self) -> None:
        """Wake the loop. For signal handlers: they run on the loop thread, where ``call_soon`` does not wake it."""
        self._ring()

    def close(self) -> None:
        """After ``run``: make the calls that are still queued. Later calls are never made."""
        self._run_calls()
        self.closed = True
        wake, self._wake = self._wake, -1
        self._epoll.close()
        os.close(wake)

    def _ring(self) -> None:
        try:
            os.eventfd_write(self._wake, 1)
        except (OSError, ValueError):  # full: the loop wakes anyway; closed: no loop to wake
            return

    def _turn(self, wait: float) -> None:
        handlers = self._handlers
        events = self._epoll.poll(wait, _BATCH)
        begun = time.monotonic()
        for fd, mask in events:
            handler = handlers.get(fd)
            if handler is not None:
                try:
                    handler.on_events(mask)
                except Exception:
                    log.exception("a connection failed")
                    handler.abort()
            elif fd == self._wake:
                os.eventfd_read(fd)
        self._run_calls()
        if self._later:
            self._run_later()
        took = time.monotonic() - begun
        if took > self.longest_turn:
            self.longest_turn = took

    def _run_calls(self) -> None:
        self._woken = False  # before the queue is read: a call queued from now on wakes the loop again
        calls = self._calls
        for _ in range(len(calls)):  # without the calls that these add: sockets are served first
            self._guard(calls.popleft())

    def _run_later(self) -> None:
        now = time.monotonic()
        while self._later and self._later[0][0] <= now:
            cell = heapq.heappop(self._later)[2]
            if cell:
                self._guard(cell.pop())

    @staticmethod
    def _guard(function: Callable[[], None]) -> None:
        try:
            function()
        except Exception:
            log.exception("a call on the loop failed")
