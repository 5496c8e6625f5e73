"""Several calls at once on one thread, until each is answered or its deadline has passed."""

from __future__ import annotations

import math
import os
import random
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from sampan_webhookclient.calls import Call
from sampan_webhookclient.destinations import Destination, Trust
from sampan_webhookclient.exchange import Exchange
from sampan_webhookclient.failures import DEADLINE, CallFailed
from sampan_webhookclient.lookups import Lookup, Lookups
from sampan_webhookclient.responses import Reply

TRIES = 3  # addresses of one destination that are tried


class Kept(Protocol):
    """What calls share: connections and TLS contexts."""

    def take(self, destination: Destination) -> socket.socket | None: ...

    def keep(self, destination: Destination, host: str, port: int, sock: socket.socket) -> None: ...

    def context(self, trust: Trust) -> ssl.SSLContext: ...


class Running:
    """Calls under way."""

    def __init__(self, kept: Kept, lookups: Lookups, calls: Sequence[Call]) -> None:
        self._kept, self._lookups, self._calls = kept, lookups, calls
        self._began = began = time.monotonic()
        self._until = [began + call.seconds for call in calls]
        self._results: list[Reply | CallFailed | None] = [None] * len(calls)
        self._exchanges: dict[int, Exchange] = {}
        self._waiting: dict[int, Lookup] = {}
        self._wake: Wake | None = None

    def run(self) -> list[Reply | CallFailed]:
        for place in range(len(self._calls)):
            self._guard(place, self._begin)
        while self._exchanges or self._waiting:
            ready = self._wait()
            for place in [place for place, lookup in self._waiting.items() if lookup.done]:
                self._guard(place, self._looked_up)
            for place in ready:
                self._guard(place, self._advance)
            self._expire()
        return [each for each in self._results if each is not None]  # every place has been filled

    def close(self) -> None:
        for exchange in self._exchanges.values():
            exchange.close()
        if self._wake is not None:
            self._wake.close()

    # -- one call

    def _begin(self, place: int) -> None:
        call = self._calls[place]
        kept = self._kept.take(call.destination)
        if kept is not None:
            self._start(place, call.destination.addresses, kept)
            return
        if not call.destination.addresses:
            raise CallFailed(call.destination.failure)
        if len(call.destination.addresses) > 1:
            self._start(place, call.destination.addresses, None)  # endpoints of a Service: addresses, no names
            return
        if self._wake is None:
            self._wake = Wake()
        lookup = self._lookups.find(call.destination.addresses[0][0], self._wake.tell)
        self._waiting[place] = lookup
        if lookup.done:
            self._looked_up(place)

    def _looked_up(self, place: int) -> None:
        lookup = self._waiting.pop(place)
        if lookup.failure:
            raise CallFailed(f"dial tcp: {lookup.failure}")
        port = self._calls[place].destination.addresses[0][1]
        self._start(place, tuple((host, port) for host in lookup.addresses), None)

    def _start(self, place: int, addresses: Sequence[tuple[str, int]], kept: socket.socket | None) -> None:
        call = self._calls[place]
        destination = call.destination
        context = None if destination.plain else self._kept.context(destination.trust)
        some = _some(addresses)
        self._exchanges[place] = Exchange(call.request(), some, context, destination.server_name, kept)
        self._advance(place)

    def _advance(self, place: int) -> None:
        exchange = self._exchanges[place]
        reply = exchange.advance()
        if reply is None:
            return
        destination = self._calls[place].destination
        sock = exchange.reusable()
        if sock is not None:
            host, port = destination.addresses[0] if len(destination.addresses) == 1 else sock.getpeername()[:2]
            self._kept.keep(destination, host, port, sock)
        self._end(place, reply)

    def _guard(self, place: int, step: Callable[[int], None]) -> None:
        try:
            step(place)
        except CallFailed as error:
            self._end(place, self._calls[place].failed(str(error)))

    def _end(self, place: int, result: Reply | CallFailed) -> None:
        took = time.monotonic() - self._began
        if isinstance(result, CallFailed):
            result.seconds = took
        else:
            result = result._replace(seconds=took)
        self._results[place] = result
        self._waiting.pop(place, None)
        exchange = self._exchanges.pop(place, None)
        if exchange is not None:
            exchange.close()

    # -- all of them

    def _wait(self) -> list[int]:
        """Until something can go on or a deadline has passed; the calls whose sockets are ready."""
        poll, places = select.poll(), {}
        for place, exchange in self._exchanges.items():
            poll.register(exchange.fileno(), exchange.events)
            places[exchange.fileno()] = place
        if self._waiting and self._wake is not None:
            poll.register(self._wake.fileno(), select.POLLIN)
        nearest = min(self._until[place] for place in (*self._exchanges, *self._waiting))
        left = max(0.0, nearest - time.monotonic())
        ready = [places[fd] for fd, _ in poll.poll(math.ceil(left * 1000)) if fd in places]
        if self._wake is not None:
            self._wake.clear()
        return ready

    def _expire(self) -> None:
        now = time.monotonic()
        for place in [each for each in (*self._exchanges, *self._waiting) if self._until[each] <= now]:
            self._end(place, self._calls[place].failed(DEADLINE, timed_out=True))


def _some(addresses: Sequence[tuple[str, int]]) -> Iterator[tuple[str, int]]:
    return iter(random.sample(addresses, min(TRIES, len(addresses))))


class Wake:
    """Ends a wait from another thread; harmless after ``close``."""

    def __init__(self) -> None:
        self._fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._lock = threading.Lock()

    def fileno(self) -> int:
        return self._fd

    def tell(self) -> None:
        with self._lock:
            if self._fd >= 0:
                os.eventfd_write(self._fd, 1)

    def clear(self) -> None:
        try:
            os.eventfd_read(self._fd)
        except BlockingIOError:
            return

    def close(self) -> None:
        with self._lock:
            os.close(self._fd)
            self._fd = -1
