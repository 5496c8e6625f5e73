"""Limits open TCP connections, in total and for each peer. Answers nothing."""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
from dataclasses import dataclass


@dataclass
class _Open:
    peer: str
    turn: int  # counts up with each change: the smallest of those that are idle is idle longest
    idle: bool = True


class Connections:
    """At most so many, and so many of one peer. Thread-safe."""

    def __init__(self, most: int, of_one: int) -> None:
        self._most, self._of_one = most, of_one
        self._lock = threading.Lock()
        self._turns = itertools.count()
        self._known: dict[socket.socket, _Open] = {}

    def admit(self, connection: socket.socket, peer: str) -> bool:
        """Whether it may stay. Where its peer, or all together, have as many as they may, the one of them that is idle
        longest is closed for it; False where all are being answered."""
        with self._lock:
            own = [each for each, known in self._known.items() if known.peer == peer]
            if len(own) >= self._of_one:
                full = own
            elif len(self._known) >= self._most:
                full = list(self._known)
            else:
                full = []
            if full and not self._close_one(full):
                return False
            self._known[connection] = _Open(peer, next(self._turns))
        return True

    def begins(self, connection: socket.socket) -> None:
        """A question has come by it."""
        self._mark(connection, idle=False)

    def idles(self, connection: socket.socket) -> None:
        """It is answered."""
        self._mark(connection, idle=True)

    def leave(self, connection: socket.socket) -> None:
        with self._lock:
            self._known.pop(connection, None)

    def _mark(self, connection: socket.socket, *, idle: bool) -> None:
        with self._lock:
            known = self._known.get(connection)
            if known is not None:
                known.idle, known.turn = idle, next(self._turns)

    def _close_one(self, candidates: list[socket.socket]) -> bool:
        idle = [each for each in candidates if self._known[each].idle]
        if not idle:
            return False
        oldest = min(idle, key=lambda each: self._known[each].turn)
        del self._known[oldest]
        with contextlib.suppress(OSError):
            oldest.shutdown(socket.SHUT_RDWR)  # its thread wakes up and closes it
        return True
