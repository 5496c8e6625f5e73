"""Copies bytes both ways between two connections, in one thread (exec, port-forward, extension servers).

Each direction has its own buffer, so that a blocked direction does not block the other. With one buffer, a command that
echoes its input would deadlock: it waits for its output to be read while this thread waits for it to read more input.
One thread, because a TLS connection must not be read and written by two threads at once.
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
from typing import Protocol

CHUNK = 65536
MOST = 4 * CHUNK  # bytes that one direction may buffer
LINGER = 30.0  # seconds that the last bytes of a closed side may wait for the other side to read
_NOT_NOW = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class End(Protocol):
    """A socket, or an upgraded HTTP connection (contracts.serving.Upgrade)."""

    def setblocking(self, flag: bool, /) -> None: ...

    def recv(self, size: int, /) -> bytes: ...

    def send(self, data: memoryview, /) -> int: ...

    def fileno(self) -> int: ...


class Direction:
    """Copies from one end to the other, through a buffer."""

    def __init__(self, source: End, target: End) -> None:
        self._source, self._target = source, target
        self._held = bytearray()
        self.ended = False  # end of file at the source
        self.broken = False  # the target failed

    @property
    def over(self) -> bool:
        return self.broken or (self.ended and not self._held)

    def move(self) -> bool:
        """Read what is available and write what the target accepts. Returns whether anything moved."""
        moved = self._take()
        return self._give() or moved

    def wanted(self, events: dict[int, int]) -> None:
        """Add the poll events that this direction waits for."""
        if not self.ended and len(self._held) < MOST:
            events[self._source.fileno()] = events.get(self._source.fileno(), 0) | select.POLLIN
        if self._held:
            events[self._target.fileno()] = events.get(self._target.fileno(), 0) | select.POLLOUT

    def _take(self) -> bool:
        if self.ended or len(self._held) >= MOST:
            return False
        try:
            data = self._source.recv(CHUNK)
        except _NOT_NOW:
            return False
        except (OSError, ValueError):
            data = b""
        self.ended = not data
        self._held += data
        return True

    def _give(self) -> bool:
        if not self._held or self.broken:
            return False
        try:
            with memoryview(self._held) as view:
                sent = self._target.send(view[:CHUNK])
        except _NOT_NOW:
            return False
        except (OSError, ValueError):
            self.broken = True
            return True
        del self._held[:sent]
        return True


def splice(one: End, other: End) -> None:
    """Copy until one side ends and all of its bytes are passed on, or one side fails. Blocks. Closes neither side."""
    for end in (one, other):
        end.setblocking(False)
    ways = (Direction(one, other), Direction(other, one))
    while not any(way.over for way in ways):
        moved = [way.move() for way in ways]  # both, not only the first
        if any(moved):
            continue
        events: dict[int, int] = {}
        for way in ways:
            way.wanted(events)
        poll = select.poll()
        for fd, mask in events.items():
            poll.register(fd, mask)
        closing = any(way.ended for way in ways)
        if not poll.poll(LINGER * 1000 if closing else None):
            return


def keep_alive(sock: socket.socket) -> None:
    """Set TCP keep-alive: a peer that vanished without closing is detected after about two minutes, instead of
    never."""
    with contextlib.suppress(OSError):  # a unix socket has no such options and does not need them
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in ((socket.TCP_KEEPIDLE, 60), (socket.TCP_KEEPINTVL, 15), (socket.TCP_KEEPCNT, 4)):
            sock.setsockopt(socket.IPPROTO_TCP, option, value)
