"""The sockets: UDP on one loop with a cache of whole answers, TCP on a few threads."""

from __future__ import annotations

import contextlib
import logging
import os
import select
import socket
import threading
from collections.abc import Callable
from functools import partial
from time import monotonic, perf_counter

from dnslib import RCODE

from sampan.errors import ConfigError
from sampan_dns.answers import HEAD, AliasOutside, OutsideName, answer, refuse
from sampan_dns.connections import Connections
from sampan_dns.figures import Figures
from sampan_dns.upstream import Upstream
from sampan_dns.zone import Zone

log = logging.getLogger(__name__)

MOST_CACHED = 20000  # answers; random-case names (0x20) must not fill the memory
MOST_TCP = 64  # connections at once
MOST_OF_ONE = 16  # of one address
TCP_SECONDS = 10.0  # that a connection may be idle; when all are taken, the one that is idle longest makes room
MESSAGE_SECONDS = 5.0  # for the rest of a message whose first byte has come
BATCH = 64  # datagrams taken before other sockets get their turn


class Server:
    """Answers on (address, port). ``zone()`` gives the zone in force; ``flush`` has to follow each change of it."""

    def __init__(
        self, address: str, port: int, zone: Callable[[], Zone], upstream: Upstream, figures: Figures | None = None
    ) -> None:
        self.figures = figures or Figures()
        self._zone = zone
        self._upstream = upstream
        self._cache: dict[bytes, bytes] = {}
        self._udp, self._tcp = _bound(address, port)
        self.port: int = self._udp.getsockname()[1]
        self._open = Connections(MOST_TCP, MOST_OF_ONE)
        self._wake_r, self._wake_w = os.pipe()
        self._stopped = False

    def flush(self) -> None:
        """From any thread: the zone has changed."""
        self._cache = {}

    def stop(self) -> None:
        """From any thread."""
        self._stopped = True
        with contextlib.suppress(OSError):  # it may have ended already
            os.write(self._wake_w, b"x")

    def run(self) -> None:
        """Until stopped."""
        poll = select.poll()
        handlers = {
            self._udp.fileno(): self._take_datagrams,
            self._tcp.fileno(): self._take_connection,
            self._upstream.socket.fileno(): self._upstream.readable,
        }
        for fd in (*handlers, self._wake_r):
            poll.register(fd, select.POLLIN)
        try:
            while not self._stopped:
                for fd, _ in poll.poll(500 if self._upstream.busy else None):
                    if fd in handlers:
                        _guarded(handlers[fd])
                _guarded(self._upstream.expire)
        finally:
            for end in (self._udp, self._tcp, self._upstream.socket):
                end.close()
            os.close(self._wake_r)
            os.close(self._wake_w)

    def _take_datagrams(self) -> None:
        receive, send = self._udp.recvfrom, self._udp.sendto
        rcodes, hits, misses, began = self.figures.udp, 0, 0, perf_counter()
        for _ in range(BATCH):
            try:
                question, client = receive(4096)
            except (BlockingIOError, ConnectionError):
                break
            known = self._cache.get(question[2:])
            if known is not None:
                rcodes[known[1] & 15] += 1
                hits += 1
                _quietly(send, question[:2] + known, client)
            else:
                misses += 1
                self._answer(question, partial(self._deliver, client))
        self.figures.batch(perf_counter() - began, hits, misses)

    def _deliver(self, client: object, data: bytes) -> None:
        self.figures.udp[data[3] & 15] += 1
        _quietly(self._udp.sendto, data, client)

    def _answer(self, question: bytes, deliver: Callable[[bytes], None]) -> None:
        cache = self._cache
        try:
            data = answer(question, self._zone(), udp=True)
        except OutsideName:
            self._upstream.ask(question, deliver, fail=lambda: deliver(refuse(question, RCODE.SERVFAIL)))
            return
        except AliasOutside as onward:
            way = onward  # the name of an except clause ends with it
            self._upstream.ask(
                way.question, lambda data: deliver(way.finished(data)), fail=lambda: deliver(way.failed())
            )
            return
        except ValueError:
            return
        except Exception:
            log.exception("a question could not be answered")
            data = refuse(question, RCODE.SERVFAIL)
        if len(cache) >= MOST_CACHED:
            cache.clear()
        # Several records are drawn in a new order each time: clients take the first.
        if len(question) <= PLAUSIBLE and int.from_bytes(data[6:8], "big") <= 1:
            cache[question[2:]] = data[2:]
        deliver(data)

    def _take_connection(self) -> None:
        try:
            connection, peer = self._tcp.accept()
        except OSError:
            return
        if not self._open.admit(connection, str(peer[0])):
            self.figures.refused_tcp += 1
            connection.close()
            return
        threading.Thread(target=self._serve_tcp, args=(connection,), daemon=True).start()

    def _serve_tcp(self, connection: socket.socket) -> None:
        """RFC 7766: each message behind its length in two bytes."""
        try:
            with connection:
                while question := _message(connection):
                    self._open.begins(connection)
                    data = self._answer_tcp(question)
                    self.figures.by_tcp(data[3] & 15)
                    connection.settimeout(TCP_SECONDS)
                    connection.sendall(len(data).to_bytes(2, "big") + data)
                    self._open.idles(connection)
        except (OSError, ValueError):
            pass  # the client went away or sent something that is no message: there is no one to tell
        except Exception:
            log.exception("a question by TCP could not be answered")
        finally:
            self._open.leave(connection)

    def _answer_tcp(self, question: bytes) -> bytes:
        try:
            return answer(question, self._zone(), udp=False)
        except OutsideName:
            return self._upstream_tcp(question) or refuse(question, RCODE.SERVFAIL)
        except AliasOutside as onward:
            data = self._upstream_tcp(onward.question)
            return onward.finished(data) if data else onward.failed()

    def _upstream_tcp(self, question: bytes) -> bytes:
        for resolver in self._upstream.resolvers:
            try:
                with socket.create_connection(resolver, 2) as connection, connection.makefile("rb") as stream:
                    connection.sendall(len(question).to_bytes(2, "big") + question)
                    data = stream.read(int.from_bytes(stream.read(2), "big"))
                    if len(data) > HEAD:
                        return data
            except OSError:
                continue
        return b""


def _message(connection: socket.socket) -> bytes:
    """The next message, b"" where the client has closed. Raises OSError where it takes too long: one byte now and then
    does not keep a connection open."""
    connection.settimeout(TCP_SECONDS)
    data = connection.recv(2)
    until = monotonic() + MESSAGE_SECONDS
    while data and len(data) < 2 + (int.from_bytes(data[:2], "big") if len(data) > 1 else 1):
        wanted = 2 - len(data) if len(data) < 2 else 2 + int.from_bytes(data[:2], "big") - len(data)
        connection.settimeout(max(0.001, until - monotonic()))
        more = connection.recv(wanted)
        if not more or monotonic() > until:
            raise ConnectionError("the message has no end")
        data += more
    return data[2:]


PLAUSIBLE = 300  # bytes: longer questions are not worth a place in the cache


def _guarded(work: Callable[[], None]) -> None:
    """Handle errors of one packet, so that it does not end the server."""
    try:
        work()
    except Exception:
        log.exception("a DNS packet could not be handled")


def _quietly(send: Callable[..., object], data: bytes, client: object) -> None:
    try:
        send(data, client)
    except OSError as error:
        log.debug("an answer could not be sent: %s", error)


def _bound(address: str, port: int) -> tuple[socket.socket, socket.socket]:
    """A UDP and a listening TCP socket on the same port (0: a free one). Raises ConfigError with the way out."""
    try:
        return _both(address, port)
    except OSError as error:
        raise ConfigError(
            f"{address}:{port} cannot be listened on ({error.strerror or error}); "
            "choose others with plugins.dns.address and plugins.dns.port"
        ) from error


def _both(address: str, port: int) -> tuple[socket.socket, socket.socket]:
    for _ in range(20):
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        udp.setblocking(False)
        try:
            udp.bind((address, port))
        except OSError:
            udp.close()
            raise
        tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tcp.bind((address, udp.getsockname()[1]))
            tcp.listen(64)
        except OSError:
            udp.close()
            tcp.close()
            if port:
                raise
            continue
        tcp.setblocking(False)
        return udp, tcp
    raise OSError("no port is free for both UDP and TCP")
