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
    """Copies from one end to the other, through a buffer.

    Ends are tried again only once poll has said that it is worth it: a try that fails costs a system call, and with TLS
    an exception, for each record of the other direction.
    """

    def __init__(self, source: End, target: End) -> None:
        self._source, self._target = source, target
        self._held = bytearray()
        self._readable = self._writable = True  # as far as known
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

    def told(self, events: dict[int, int]) -> None:
        """What poll has said. An error is found by trying, and so is that an end was closed meanwhile (-1)."""
        source, target = self._source.fileno(), self._target.fileno()
        self._readable |= source < 0 or bool(events.get(source, 0) & ~select.POLLOUT)
        self._writable |= target < 0 or bool(events.get(target, 0) & ~select.POLLIN)

    def _take(self) -> bool:
        """Fill the buffer: a TLS connection gives one record (16 KiB) at a time."""
        moved = False
        while self._readable and not self.ended and len(self._held) < MOST:
            try:
                data = self._source.recv(CHUNK)
            except _NOT_NOW:
                self._readable = False
                break
            except (OSError, ValueError):
                data = b""
            self.ended, moved = not data, True
            self._held += data
        return moved

    def _give(self) -> bool:
        moved = False
        while self._writable and self._held and not self.broken:
            try:
                with memoryview(self._held) as view:
                    sent = self._target.send(view[:CHUNK])
            except _NOT_NOW:
                self._writable = False
                break
            except (OSError, ValueError):
                self.broken = True
                return True
            del self._held[:sent]
            moved = True
        return moved


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
        found = _poll(events, LINGER * 1000 if any(way.ended for way in ways) else None)
        if not found:
            return
        for way in ways:
            way.told(found)


def _poll(events: dict[int, int], milliseconds: float | None) -> dict[int, int]:
    """What has come about; the same at once where an end was closed meanwhile, which poll refuses."""
    if -1 in events:
        return events
    poll = select.poll()
    for fd, mask in events.items():
        poll.register(fd, mask)
    return dict(poll.poll(milliseconds))


def keep_alive(sock: socket.socket) -> None:
    """Set TCP keep-alive: a peer that vanished without closing is detected after about two minutes, instead of
    never."""
    with contextlib.suppress(OSError):  # a unix socket has no such options and does not need them
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in ((socket.TCP_KEEPIDLE, 60), (socket.TCP_KEEPINTVL, 15), (socket.TCP_KEEPCNT, 4)):
            sock.setsockopt(socket.IPPROTO_TCP, option, value)
