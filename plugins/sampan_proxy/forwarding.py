"""Services without any right over the packet filter: a listener on each loopback address, passing bytes on.

One thread with one asyncio loop; imported only where it is needed. Service addresses have to be loopback ones.
"""

from __future__ import annotations

import asyncio
import logging
import random
import threading
from collections.abc import Awaitable, Callable
from typing import Any

from sampan_proxy.wanted import Backend, Front, Wanted

log = logging.getLogger(__name__)

CHUNK = 65536
CONNECT_SECONDS = 5.0
UDP_SECONDS = 60.0  # a UDP client is forgotten after so long without a datagram


class Forwarding:
    """Listeners for the wanted fronts. ``refused(front, why)`` is told once of each that cannot be listened on."""

    def __init__(self, node_ip: str, refused: Callable[[Front, str], None]) -> None:
        self._node_ip = node_ip
        self._refused = refused
        self._backends: Wanted = {}
        self._servers: dict[Front, Any] = {}
        self._told: set[Front] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="forwarding", daemon=True)
        self._thread.start()

    def apply(self, wanted: Wanted) -> None:
        asyncio.run_coroutine_threadsafe(self._apply(wanted), self._loop).result(timeout=30)

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._apply({}), self._loop).result(timeout=30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)
        self._loop.close()

    def remove(self) -> None:
        """Nothing stays behind when this process has ended."""

    async def _apply(self, wanted: Wanted) -> None:
        self._backends = wanted
        for front in [front for front in self._servers if front not in wanted]:
            self._servers.pop(front).close()
        for front in wanted:
            if front in self._servers or front in self._told:
                continue
            try:
                self._servers[front] = await self._listen(front)
            except OSError as error:
                self._told.add(front)
                self._refused(front, error.strerror or str(error))

    async def _listen(self, front: Front) -> Any:
        host = front.address or "0.0.0.0"
        if front.protocol == "udp":
            loop = asyncio.get_running_loop()
            transport, _ = await loop.create_datagram_endpoint(lambda: Datagrams(self, front), local_addr=(host, front.port))
            return transport
        return await asyncio.start_server(self._client(front), host, front.port)

    def _client(self, front: Front) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            upstream = await self._connect(front)
            if upstream is None:
                writer.transport.abort()
                return
            other_reader, other_writer = upstream
            await asyncio.gather(_pipe(reader, other_writer), _pipe(other_reader, writer))

        return serve

    async def _connect(self, front: Front) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """A connection to one backend, trying each once in random order."""
        for backend in random.sample(self.backends(front), len(self.backends(front))):
            try:
                return await asyncio.wait_for(asyncio.open_connection(*backend), CONNECT_SECONDS)
            except OSError:
                continue
        return None

    def backends(self, front: Front) -> tuple[Backend, ...]:
        return self._backends.get(front, ())


class Datagrams(asyncio.DatagramProtocol):
    """UDP: one socket towards the backend for each client."""

    def __init__(self, forwarding: Forwarding, front: Front) -> None:
        self._forwarding = forwarding
        self._front = front
        self._clients: dict[Any, asyncio.DatagramTransport] = {}
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        known = self._clients.get(addr)
        if known is not None and not known.is_closing():
            known.sendto(data)
            return
        backends = self._forwarding.backends(self._front)
        if backends:
            asyncio.get_running_loop().create_task(self._open(addr, random.choice(backends), data))

    async def _open(self, client: Any, backend: Backend, first: bytes) -> None:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: Replies(self._transport, client), remote_addr=tuple(backend))
        self._clients[client] = transport
        transport.sendto(first)
        loop.call_later(UDP_SECONDS, self._forget, client)

    def _forget(self, client: Any) -> None:
        transport = self._clients.pop(client, None)
        if transport is not None:
            transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        for client in list(self._clients):
            self._forget(client)


class Replies(asyncio.DatagramProtocol):
    """What a backend answers goes back to its client."""

    def __init__(self, front: Any, client: Any) -> None:
        self._front = front
        self._client = client

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self._front.sendto(data, self._client)


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Until the sender is done; its end is passed on as an end."""
    try:
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
    except OSError:
        writer.transport.abort()
