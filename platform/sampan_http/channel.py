"""A non-blocking socket on the loop with a queue of what it has not taken yet. Knows nothing of HTTP."""

from __future__ import annotations

import select
import socket
import ssl
from collections import deque

from sampan_http.loop import EventLoop
from sampan_http.tls import say_goodbye

IN, OUT = select.EPOLLIN, select.EPOLLOUT
LEFT = select.EPOLLRDHUP  # the peer will send no more
GONE = select.EPOLLHUP | select.EPOLLERR
READ = IN | LEFT
RECEIVE = 65536  # above the largest TLS record, so that no decrypted rest hides from epoll
NOT_NOW = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)

_SLICE = 65536  # a TLS write must be repeated with the same bytes until it is taken
_PER_TURN = 1 << 20  # bytes written to one connection before the others have their turn


class Channel:
    """Subclasses say what happens on events, at the deadline, when all is written and when the peer is gone."""

    __slots__ = ("deadline", "fd", "loop", "mask", "pending", "queue", "slot", "sock", "stall")

    def __init__(self, loop: EventLoop, sock: socket.socket, stall: float) -> None:
        self.loop = loop
        self.sock = sock
        self.fd = sock.fileno()
        self.stall = stall  # seconds a peer may take nothing of what is queued
        self.mask = READ
        self.queue: deque[memoryview] | None = None
        self.pending = 0  # bytes in the queue
        self.deadline = 0.0
        self.slot = 0

    def want(self, mask: int) -> None:
        if mask != self.mask:
            self.mask = mask
            self.loop.change(self.fd, mask)

    def transmit(self, data: bytes, more: bytes | memoryview = b"") -> bool:
        """Send now what the socket takes and queue the rest; False when the peer is gone."""
        sent = 0
        if not self.queue and len(data) <= _SLICE:
            try:
                sent = self.sock.send(data)
            except NOT_NOW:
                sent = 0
            except OSError:
                return False
            if sent == len(data) and not more:
                return True
        if self.queue is None:
            self.queue = deque()
        for piece in (memoryview(data)[sent:], memoryview(more)):
            if piece:
                self.queue.append(piece)
                self.pending += len(piece)
                self.loop.ledger.hold(self, piece.obj, self.abort)
        self.loop.wheel.put(self, self.loop.now + self.stall)
        if (sent == len(data) or len(data) > _SLICE) and not self.flush():
            return False
        if self.queue:
            self.want(self.mask | OUT)
        return True

    def flush(self) -> bool:
        """Send of the queue what the socket takes; False when the peer is gone."""
        queue = self.queue
        budget = _PER_TURN
        while queue and budget > 0:
            view = queue[0]
            try:
                sent = self.sock.send(view[:_SLICE])
            except NOT_NOW:
                return True
            except OSError:
                return False
            budget -= sent
            self.pending -= sent
            self.loop.wheel.put(self, self.loop.now + self.stall)
            if sent == len(view):
                queue.popleft()
                self.loop.ledger.let_go(self, view.obj)
            else:
                queue[0] = view[sent:]
        if not queue:
            self.queue = None
            self.deadline = 0.0
        return True

    def release(self) -> socket.socket:
        """Leave the loop; the socket is the caller's."""
        self.loop.wheel.drop(self)
        self.loop.forget(self.fd)
        for piece in self.queue or ():
            self.loop.ledger.let_go(self, piece.obj)
        self.queue = None
        self.pending = 0
        return self.sock

    def shut(self, *, politely: bool) -> None:
        """Leave the loop and close."""
        sock = self.release()
        if politely:
            say_goodbye(sock)
        sock.close()

    # -- for subclasses

    def on_events(self, mask: int) -> None:
        raise NotImplementedError

    def expire(self, now: float) -> None:
        raise NotImplementedError

    def abort(self) -> None:
        raise NotImplementedError
