"""Watches of versions whose conversions may wait: what a watcher is shown is made on a thread, in order, and sent by
the loop. A thread serves all watches of one version, so a slow webhook delays only those.
"""

from __future__ import annotations

import logging
import threading
import weakref
from collections.abc import Callable, Sequence
from functools import partial
from queue import Empty, SimpleQueue

from sampan.errors import Expired, InternalError, StatusError
from sampan_http.handoff import Connection, Loop
from sampan_server.cache.cache import Cache
from sampan_server.cache.events import Event
from sampan_server.registry import Served
from sampan_server.watch.audience import Audience
from sampan_server.watch.fanout import framed
from sampan_server.watch.hub import MOST_BUFFERED, Hub, Watcher

log = logging.getLogger(__name__)

IDLE = 10.0  # seconds without work until a thread ends
MOST_WAITING = 100_000  # events of one version that wait for their conversion; its watches end beyond that


class Worker:
    """Runs tasks one after another on a thread that ends when there is nothing to do."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._tasks: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._lock = threading.Lock()
        self._running = False

    def put(self, task: Callable[[], None]) -> None:
        with self._lock:
            self._tasks.put(task)
            if not self._running:
                self._running = True
                threading.Thread(target=self._work, name=self._name, daemon=True).start()

    def waiting(self) -> int:
        return self._tasks.qsize()

    def _work(self) -> None:
        while True:
            try:
                task = self._tasks.get(timeout=IDLE)
            except Empty:
                with self._lock:
                    if self._tasks.empty():
                        self._running = False
                        return
                continue
            try:
                task()
            except Exception:
                log.exception("a conversion for watches failed")


class ConvertingHub(Hub):
    """A hub whose frames are made on threads, one for each version that is watched."""

    def __init__(self, cache: Cache, clock: Callable[[], float]) -> None:
        super().__init__(cache, clock)
        self.used = False  # so that events cost nothing where no such kind is watched
        self._workers: weakref.WeakKeyDictionary[Served, Worker] = weakref.WeakKeyDictionary()

    def open_later(
        self, loop: Loop, connection: Connection, watcher: Watcher, first: Callable[[], Sequence[bytes]],
        seconds: float,
    ) -> None:  # fmt: skip
        """As ``open``, with what the watcher is shown first still to be made; the cache's lock is held."""
        self.used = True
        self.open(loop, connection, watcher, (), seconds)
        state = watcher.framing.state
        self._put(
            watcher, lambda: b"".join([piece for part in first() if part for piece in state(part)]), self._send_first
        )

    def part(self, watcher: Watcher) -> None:
        """The server ends. What is not converted yet is not waited for, so no bookmark says how far the client is."""
        if not watcher.closed:
            self.end(watcher)

    def _show(self, pending: Sequence[tuple[Audience[Watcher], Event]]) -> None:
        for audience, event in pending:
            parts = event.key.split("/")
            namespace, name = (parts[3], parts[4]) if len(parts) > 4 else ("", parts[-1])
            for watcher in audience.concerned(namespace, name):
                self._put(watcher, partial(framed, watcher, event))

    def _send_mark(self, watcher: Watcher, line: bytes) -> None:
        self._put(watcher, lambda: line)

    def _end_in_order(self, watcher: Watcher) -> None:
        self._worker(watcher).put(lambda: self._soon(partial(self.end, watcher)))

    def _send_first(self, watcher: Watcher, data: bytes) -> None:
        """What is there when the watch begins may be larger than what a slow client may leave untaken later."""
        if not watcher.closed:
            watcher.connection.send(data)
            watcher.allowed = watcher.connection.buffered() + MOST_BUFFERED

    def _put(
        self, watcher: Watcher, make: Callable[[], bytes | None], send: Callable[[Watcher, bytes], None] | None = None
    ) -> None:
        """Make something on the version's thread, behind all that was put there before, and send it."""
        worker = self._worker(watcher)
        if worker.waiting() > MOST_WAITING:
            self.end(watcher, watcher.view.error(Expired("the conversions are too slow: too old resource version")))
            return
        worker.put(partial(self._make, watcher, make, send or self._send))

    def _make(self, watcher: Watcher, make: Callable[[], bytes | None], send: Callable[[Watcher, bytes], None]) -> None:
        if watcher.closed:
            return
        try:
            data = make()
        except Exception as error:
            if not isinstance(error, StatusError):
                log.exception(
                    "a watch of %s ends: its objects cannot be converted", watcher.view.selection.served.prefix
                )
                error = InternalError(
                    "Internal error occurred: the object cannot be converted to the requested version"
                )
            self._soon(partial(self.end, watcher, watcher.view.error(error)))
            return
        if data:
            self._soon(partial(send, watcher, data))

    def _soon(self, action: Callable[[], None]) -> None:
        if self._loop is not None:
            self._loop.call_soon(action)

    def _worker(self, watcher: Watcher) -> Worker:
        served = watcher.view.selection.served
        found = self._workers.get(served)
        if found is None:
            found = self._workers[served] = Worker(
                f"convert {served.resource.group_resource}/{served.resource.version}"
            )
        return found
