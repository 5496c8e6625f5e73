"""UDP passed on: one socket towards the backend for each client, so that answers find their way back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from sampan_proxy.wanted import Backend

IDLE_SECONDS = 60.0  # a client is forgotten after so long without a datagram
MOST_WAITING = 64  # datagrams kept while a client's socket is being opened


class ClientFlow:
    """The socket of one client towards its backend. Datagrams that come before it is open wait here."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.waiting: list[bytes] = []
        self.transport: asyncio.DatagramTransport | None = None
        self.used = 0.0

    def send(self, data: bytes) -> None:
        if self.transport is not None:
            self.transport.sendto(data)
        elif len(self.waiting) < MOST_WAITING:
            self.waiting.append(data)


class Datagrams(asyncio.DatagramProtocol):
    """``choose(client address)`` gives the backend for a new client, or None."""

    def __init__(self, choose: Callable[[str], Backend | None]) -> None:
        self._choose = choose
        self._flows: dict[Any, ClientFlow] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        loop = asyncio.get_running_loop()
        flow = self._flows.get(addr)
        if flow is None:
            backend = self._choose(addr[0])
            if backend is None:
                return
            flow = self._flows[addr] = ClientFlow(backend)
            task = loop.create_task(self._open(addr, flow))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        flow.used = loop.time()
        flow.send(data)

    async def _open(self, client: Any, flow: ClientFlow) -> None:
        loop = asyncio.get_running_loop()
        try:
            transport, _ = await loop.create_datagram_endpoint(
                lambda: Replies(self._transport, client, flow, loop.time, lambda: self._forget(client)),
                remote_addr=(flow.backend.address, flow.backend.port),
            )
        except OSError:
            self._flows.pop(client, None)
            return
        flow.transport = transport
        for data in flow.waiting:
            transport.sendto(data)
        flow.waiting.clear()
        loop.call_later(IDLE_SECONDS, self._forget_idle, client)

    def _forget_idle(self, client: Any) -> None:
        loop, flow = asyncio.get_running_loop(), self._flows.get(client)
        if flow is None:
            return
        rest = flow.used + IDLE_SECONDS - loop.time()
        if rest <= 0:
            self._forget(client)
        else:
            loop.call_later(rest, self._forget_idle, client)

    def _forget(self, client: Any) -> None:
        flow = self._flows.pop(client, None)
        if flow is not None and flow.transport is not None:
            flow.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        for client in list(self._flows):
            self._forget(client)


class Replies(asyncio.DatagramProtocol):
    """What a backend answers goes back to its client; a backend that refuses is left for the next datagram."""

    def __init__(
        self, front: Any, client: Any, flow: ClientFlow, now: Callable[[], float], forget: Callable[[], None]
    ) -> None:
        self._front = front
        self._client = client
        self._flow = flow
        self._now = now
        self._forget = forget

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self._flow.used = self._now()
        self._front.sendto(data, self._client)

    def error_received(self, exc: Exception) -> None:
        self._forget()
