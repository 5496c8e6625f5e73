"""Services without any right over the packet filter: a listener on each loopback address, passing bytes on.

One thread with one asyncio loop; imported only where it is needed. Service addresses have to be loopback ones.
"""

from __future__ import annotations

import asyncio
import logging
import random
import socket
import threading
import time
from collections.abc import Callable, Collection
from typing import Any

from sampan_proxy.datagrams import Datagrams
from sampan_proxy.wanted import Backend, BackendSet, Frontend, Wanted

log = logging.getLogger(__name__)

CHUNK = 65536
CONNECT_SECONDS = 5.0
NO_BACKENDS = BackendSet(())
TURNS = 5  # of the loop
PAUSE = 0.1  # seconds
MOST_REMEMBERED = 65536  # clients with session affinity


class Forwarding:
    """Listeners for the wanted fronts. ``refused(front, why)`` is told once of each that cannot be listened on."""

    def __init__(self, node_ip: str, refused: Callable[[Frontend, str], None]) -> None:
        self._node_ip = node_ip
        self._refused = refused
        self._wanted: Wanted = {}
        self._servers: dict[Frontend, Any] = {}
        self._told: set[Frontend] = set()
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._stay: dict[tuple[Frontend, str], tuple[Backend, float]] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="forwarding", daemon=True)
        self._thread.start()

    def apply(self, wanted: Wanted, changed: Collection[Frontend] | None = None) -> None:
        """All of what is wanted is looked at; ``changed`` is for those to whom that costs something."""
        asyncio.run_coroutine_threadsafe(self._apply(dict(wanted)), self._loop).result(timeout=30)

    def forget(self) -> None:
        """Listeners are this process's own: no one else changes them."""

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(timeout=30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)
        self._loop.close()

    def remove(self) -> None:
        """Nothing stays behind when this process has ended."""

    def choose(self, front: Frontend, client: str) -> list[Backend]:
        """Backends in the order in which to try them."""
        serving = self._wanted.get(front, NO_BACKENDS)
        found = random.sample(serving.backends, len(serving.backends))
        if serving.affinity and found:
            known, until = self._stay.get((front, client), (found[0], 0.0))
            if until > time.monotonic() and known in found:
                found.remove(known)
                found.insert(0, known)
        return found

    def chosen(self, front: Frontend, client: str, backend: Backend) -> None:
        """The client has been connected to this one."""
        affinity = self._wanted.get(front, NO_BACKENDS).affinity
        if affinity:
            if len(self._stay) >= MOST_REMEMBERED:
                self._stay.clear()
            self._stay[front, client] = (backend, time.monotonic() + affinity)

    async def _apply(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._told.intersection_update(wanted)
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

    async def _end(self) -> None:
        await self._apply({})
        for turn in range(2 * TURNS):
            if turn >= TURNS:  # by now every connection that was taken has begun to be served
                for writer in tuple(self._open):
                    writer.transport.abort()
                for task in tuple(self._tasks):
                    task.cancel()
            await asyncio.sleep(0)

    async def _listen(self, front: Frontend) -> Any:
        host = front.address or "0.0.0.0"
        if front.protocol == "udp":
            loop = asyncio.get_running_loop()
            transport, _ = await loop.create_datagram_endpoint(
                lambda: Datagrams(lambda client: self._datagram_backend(front, client)), local_addr=(host, front.port)
            )
            return transport
        if front.protocol != "tcp":
            raise OSError(f"{front.protocol} cannot be forwarded without nftables")
        return Listener(socket.create_server((host, front.port)), lambda taken: self._take(front, taken))

    def _datagram_backend(self, front: Frontend, client: str) -> Backend | None:
        for backend in self.choose(front, client):
            self.chosen(front, client, backend)
            return backend
        return None

    def _take(self, front: Frontend, taken: socket.socket) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(front, taken))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _ended(self, writer: asyncio.StreamWriter) -> None:
        self._open.discard(writer)
        writer.close()

    async def _serve(self, front: Frontend, taken: socket.socket) -> None:
        reader, writer = await asyncio.open_connection(sock=taken)
        self._open.add(writer)
        try:
            await self._pass_on(front, reader, writer)
        finally:
            self._ended(writer)

    async def _pass_on(self, front: Frontend, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream = await self._connect(front, str((writer.get_extra_info("peername") or [""])[0]))
        if upstream is None:
            writer.transport.abort()
            return
        other_reader, other_writer = upstream
        self._open.add(other_writer)
        try:
            await asyncio.gather(_pipe(reader, other_writer), _pipe(other_reader, writer))
        finally:
            self._ended(other_writer)

    async def _connect(self, front: Frontend, client: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """A connection to one backend, trying each once."""
        for backend in self.choose(front, client):
            try:
                streams = await asyncio.wait_for(asyncio.open_connection(*backend), CONNECT_SECONDS)
            except OSError:
                continue
            self.chosen(front, client, backend)
            return streams
        return None


class Listener:
    """A listening socket on the loop. asyncio's own server loses a connection that comes while it is being closed."""

    def __init__(self, listening: socket.socket, take: Callable[[socket.socket], None]) -> None:
        listening.setblocking(False)
        self._socket = listening
        self._take = take
        self._closed = False
        self._task = asyncio.get_running_loop().create_task(self._run())

    def close(self) -> None:
        self._closed = True
        self._socket.shutdown(socket.SHUT_RDWR)  # wakes the accept that is waiting

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        with self._socket:
            while not self._closed:
                try:
                    taken, _ = await loop.sock_accept(self._socket)
                except OSError as error:
                    if not self._closed:  # too many open files, or a client that was quicker than we
                        log.warning("a connection could not be taken: %s", error)
                        await asyncio.sleep(PAUSE)
                    continue
                self._take(taken)


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
