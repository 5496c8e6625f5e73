"""A non-blocking socket on the loop, with a queue of bytes that could not be sent yet. Knows nothing of HTTP."""

from __future__ import annotations

import select
import socket
import ssl
from collections import deque

from sampan_http.loop import EventLoop
from sampan_http.tls import send_close_notify

IN, OUT = select.EPOLLIN, select.EPOLLOUT
PEER_CLOSED = select.EPOLLRDHUP  # the peer sends no more
DISCONNECTED = select.EPOLLHUP | select.EPOLLERR
READ = IN | PEER_CLOSED
RECEIVE = 65536  # larger than a TLS record: decrypted bytes left in the TLS buffer would not raise an epoll event
WOULD_BLOCK = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)

_SLICE = 65536  # bytes per write; a TLS write that would block must be repeated with the same bytes
_PER_TURN = 1 << 20  # most bytes written to one connection before other connections are served


class Channel:
    """A socket with a write queue. Subclasses handle events, the deadline, the end of a write and a lost peer."""

    __slots__ = ("deadline", "fd", "loop", "mask", "pending", "queue", "slot", "sock", "stall")

    def __init__(self, loop: EventLoop, sock: socket.socket, stall: float) -> None:
        self.loop = loop
        self.sock = sock
        self.fd = sock.fileno()
        self.stall = stall  # seconds without the peer reading any of the queue
        self.mask = READ
        self.queue: deque[memoryview] | None = None
        self.pending = 0  # bytes in the queue
        self.deadline = 0.0
        self.slot = 0

    def set_events(self, mask: int) -> None:
        if mask != self.mask:
            self.mask = mask
            self.loop.change(self.fd, mask)

    def transmit(self, data: bytes, more: bytes | memoryview = b"") -> bool:
        """Send what the socket accepts and queue the rest. Returns False if the peer is gone."""
        sent = 0
        if not self.queue and len(data) <= _SLICE:
            try:
                sent = self.sock.send(data)
            except WOULD_BLOCK:
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
                self.loop.queued.add(self, piece.obj, self.abort)
        self.loop.wheel.put(self, self.loop.now + self.stall)
        if (sent == len(data) or len(data) > _SLICE) and not self.flush():
            return False
        if self.queue:
            self.set_events(self.mask | OUT)
        return True

    def flush(self) -> bool:
        """Send what the socket accepts of the queue. Returns False if the peer is gone."""
        queue = self.queue
        budget = _PER_TURN
        while queue and budget > 0:
            view = queue[0]
            try:
                sent = self.sock.send(view[:_SLICE])
            except WOULD_BLOCK:
                return True
            except OSError:
                return False
            budget -= sent
            self.pending -= sent
            self.loop.wheel.put(self, self.loop.now + self.stall)
            if sent == len(view):
                queue.popleft()
                self.loop.queued.remove(self, view.obj)
            else:
                queue[0] = view[sent:]
        if not queue:
            self.queue = None
            self.deadline = 0.0
        return True

    def release(self) -> socket.socket:
        """Remove the socket from the loop and return it; the caller closes it."""
        self.loop.wheel.drop(self)
        self.loop.forget(self.fd)
        for piece in self.queue or ():
            self.loop.queued.remove(self, piece.obj)
        self.queue = None
        self.pending = 0
        return self.sock

    def close_socket(self, *, close_notify: bool) -> None:
        """Remove the socket from the loop and close it."""
        sock = self.release()
        if close_notify:
            send_close_notify(sock)
        sock.close()

    # -- for subclasses

    def on_events(self, mask: int) -> None:
        raise NotImplementedError

    def expire(self, now: float) -> None:
        raise NotImplementedError

    def abort(self) -> None:
        raise NotImplementedError
