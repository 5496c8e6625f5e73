"""One thread that reads any number of watches.

A follower is a generator: it yields a Stream to be resumed when that is readable, or a number of seconds to sleep.
Twenty informers then cost one blocked thread instead of twenty. Must not know what is watched.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import logging
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Generator

from sampan_client.transports import Stream

log = logging.getLogger(__name__)

Follower = Generator[Stream | float, None, None]

_STACK = 256 * 1024  # bytes; handlers are shallow
_REMOVE_TIMEOUT = 5.0  # seconds that ``remove`` waits for a busy handler


def start_thread(target: Callable[[], None], name: str) -> threading.Thread:
    """A daemon thread with a small stack."""
    with _stack_lock:
        before = threading.stack_size(_STACK)
        try:
            thread = threading.Thread(target=target, name=name, daemon=True)
            thread.start()
        finally:
            threading.stack_size(before)
    return thread


_stack_lock = threading.Lock()


class Hub:
    """Runs followers. Its thread starts with the first follower and ends with the last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tasks: deque[Callable[[], None]] = deque()
        self._followers: set[Follower] = set()
        self._thread: threading.Thread | None = None
        self._wake_writer: socket.socket | None = None

    def add(self, follower: Follower) -> None:
        with self._lock:
            self._followers.add(follower)
            self._tasks.append(lambda: self._step(follower))
            if self._thread is None:
                self._wake_writer, wake_reader = socket.socketpair()
                self._thread = start_thread(lambda: self._run(wake_reader), "informers")
            else:
                self._wake()

    def remove(self, follower: Follower) -> None:
        """Close the follower. It no longer runs when this returns, unless it has been busy for 5 s."""
        if threading.current_thread() is self._thread:
            self._tasks.append(lambda: self._drop(follower))
            return
        done = threading.Event()

        def drop() -> None:
            self._drop(follower)
            done.set()

        with self._lock:
            if follower not in self._followers:
                return
            self._tasks.append(drop)
            self._wake()
        done.wait(_REMOVE_TIMEOUT)

    def _wake(self) -> None:
        if self._wake_writer is not None:
            with contextlib.suppress(BlockingIOError):
                self._wake_writer.send(b"\0")

    def _run(self, wake_reader: socket.socket) -> None:
        self._selector = selectors.DefaultSelector()
        self._timers: list[tuple[float, int, Follower]] = []
        self._waiting: dict[Follower, tuple[Stream, int]] = {}  # the stream and the descriptor registered for it
        self._count = itertools.count()
        wake_reader.setblocking(False)
        self._selector.register(wake_reader, selectors.EVENT_READ, None)
        try:
            while self._work():
                self._sleep(wake_reader)
        finally:
            self._selector.close()
            wake_reader.close()

    def _work(self) -> bool:
        """Run what is due now. Returns False if no follower is left."""
        while self._tasks:
            self._tasks.popleft()()
        now = time.monotonic()
        while self._timers and self._timers[0][0] <= now:
            self._step(heapq.heappop(self._timers)[2])
        with self._lock:
            if self._followers or self._tasks:
                return True
            self._thread = None
            if self._wake_writer is not None:
                self._wake_writer.close()
            self._wake_writer = None
            return False

    def _sleep(self, wake_reader: socket.socket) -> None:
        timeout = 0.0 if self._tasks else self._timers[0][0] - time.monotonic() if self._timers else None
        for key, _ in self._selector.select(timeout if timeout is None else max(0.0, timeout)):
            if key.data is None:
                with contextlib.suppress(BlockingIOError):
                    wake_reader.recv(4096)
            elif key.data in self._waiting:
                self._step(key.data)

    def _step(self, follower: Follower) -> None:
        if follower not in self._followers:
            return
        try:
            wanted = next(follower)
        except StopIteration:
            self._drop(follower)
        except Exception:
            log.exception("a watch's follower failed and is removed")
            self._drop(follower)
        else:
            if isinstance(wanted, float):
                self._unregister(follower)
                heapq.heappush(self._timers, (time.monotonic() + wanted, next(self._count), follower))
            elif follower not in self._waiting or self._waiting[follower][0] is not wanted:
                self._unregister(follower)
                self._waiting[follower] = (wanted, wanted.fileno())
                self._selector.register(wanted.fileno(), selectors.EVENT_READ, follower)

    def _unregister(self, follower: Follower) -> None:
        """Unregister the follower's stream. It may be closed already, and its descriptor reused."""
        if (waited := self._waiting.pop(follower, None)) is not None:
            key = self._selector.get_map().get(waited[1])
            if key is not None and key.data is follower:
                self._selector.unregister(waited[1])

    def _drop(self, follower: Follower) -> None:
        self._followers.discard(follower)
        self._unregister(follower)
        follower.close()
