"""A hijacked connection: it has left HTTP and stays on the loop. Passed to ``Hijacked.take``."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable

from sampan_http.channel import DISCONNECTED, IN, OUT, PEER_CLOSED, RECEIVE, WOULD_BLOCK, Channel
from sampan_http.loop import EventLoop

log = logging.getLogger(__name__)


class HijackedConnection(Channel):
    """Implements sampan_http.handoff.Connection. Small, because thousands of them are idle."""

    __slots__ = ("closing", "ended", "on_close", "on_data", "on_end")

    def __init__(
        self,
        loop: EventLoop,
        sock: socket.socket,
        mask: int,
        stall: float,
        on_end: Callable[[HijackedConnection], None],
    ) -> None:
        super().__init__(loop, sock, stall)
        self.mask = mask
        self.on_close: Callable[[], None] | None = None
        self.on_data: Callable[[bytes], None] | None = None
        self.on_end = on_end  # the server's callback
        self.closing = False
        self.ended = False

    # -- contract

    def send(self, data: bytes) -> None:
        if not (self.ended or self.closing) and data and not self.transmit(data):
            self.abort()

    def buffered(self) -> int:
        return self.pending

    def close(self) -> None:
        self.closing = True
        if not self.queue:
            self._end(close_notify=True)

    def abort(self) -> None:
        self._end(close_notify=False)

    # -- for the server and the loop

    def drain(self) -> None:
        """The server drains: call ``on_close`` first, so that the handler can still send a proper end, then close."""
        if not self.ended:
            on_close, self.on_close = self.on_close, None
            if on_close is not None:
                try:
                    on_close()
                except Exception:
                    log.exception("a handler failed at the end of its hijacked connection")
            self.close()

    def on_events(self, mask: int) -> None:
        if mask & DISCONNECTED:
            self._end(close_notify=False)
            return
        if mask & OUT:
            if not self.flush():
                self._end(close_notify=False)
                return
            if not self.queue:
                if self.closing:
                    self._end(close_notify=True)
                    return
                self.set_events(self.mask & ~OUT)
        if mask & (IN | PEER_CLOSED):
            self._receive()

    def expire(self, now: float) -> None:
        if self.queue:
            self._end(close_notify=False)

    def _receive(self) -> None:
        try:
            data = self.sock.recv(RECEIVE)
        except WOULD_BLOCK:
            return
        except OSError:
            data = b""
        if not data:
            self._end(close_notify=False)
        elif self.on_data is not None and not self.closing:
            self.on_data(data)

    def _end(self, *, close_notify: bool) -> None:
        if self.ended:
            return
        self.ended = True
        self.close_socket(close_notify=close_notify)
        self.on_end(self)
        on_close, self.on_close, self.on_data = self.on_close, None, None
        if on_close is not None:  # not now: the handler may be iterating over its connections
            self.loop.call_soon(on_close)
