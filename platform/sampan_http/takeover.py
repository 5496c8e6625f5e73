"""A connection that has left HTTP and stays on the loop: what the taker of a Hijacked is given."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable

from sampan_http.channel import GONE, IN, LEFT, NOT_NOW, OUT, RECEIVE, Channel
from sampan_http.loop import EventLoop

log = logging.getLogger(__name__)


class Takeover(Channel):
    """Fulfils sampan_http.handoff.Connection; small, since thousands of them sit idle."""

    __slots__ = ("closing", "ended", "on_close", "on_data", "on_end")

    def __init__(
        self, loop: EventLoop, sock: socket.socket, mask: int, stall: float, on_end: Callable[[Takeover], None]
    ) -> None:
        super().__init__(loop, sock, stall)
        self.mask = mask
        self.on_close: Callable[[], None] | None = None
        self.on_data: Callable[[bytes], None] | None = None
        self.on_end = on_end  # the server's own: one connection fewer
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
            self._end(politely=True)

    def abort(self) -> None:
        self._end(politely=False)

    # -- the server's side

    def retire(self) -> None:
        """The server stops: tell the taker first, so that it can still send an ending, then close."""
        if not self.ended:
            told, self.on_close = self.on_close, None
            if told is not None:
                try:
                    told()
                except Exception:
                    log.exception("a taker failed at the end of its connection")
            self.close()

    def on_events(self, mask: int) -> None:
        if mask & GONE:
            self._end(politely=False)
            return
        if mask & OUT:
            if not self.flush():
                self._end(politely=False)
                return
            if not self.queue:
                if self.closing:
                    self._end(politely=True)
                    return
                self.want(self.mask & ~OUT)
        if mask & (IN | LEFT):
            self._receive()

    def expire(self, now: float) -> None:
        if self.queue:
            self._end(politely=False)

    def _receive(self) -> None:
        try:
            data = self.sock.recv(RECEIVE)
        except NOT_NOW:
            return
        except OSError:
            data = b""
        if not data:
            self._end(politely=False)
        elif self.on_data is not None and not self.closing:
            self.on_data(data)

    def _end(self, *, politely: bool) -> None:
        if self.ended:
            return
        self.ended = True
        self.shut(politely=politely)
        self.on_end(self)
        told, self.on_close, self.on_data = self.on_close, None, None
        if told is not None:  # later: it may be in the middle of sending to all its connections
            self.loop.call_soon(told)
