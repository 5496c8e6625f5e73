"""Whether somebody serves on when a worker leaves: its successors of the same arbiter, or whoever else listens.

Knows nothing of requests.
"""

from __future__ import annotations

import mmap
import socket
import struct
from typing import Any

_NUMBER = struct.Struct("q")
_MADE, _SERVING = 0, _NUMBER.size  # apart: the arbiter writes the one, workers the other
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}
_PROBE_SECONDS = 0.2

#: What socket.getsockname answers: a path, or a tuple that begins with host and port.
Address = tuple[int, Any]


class Succession:
    """How far the workers of one arbiter are, in memory that they share; make it before the first is forked."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, 2 * _NUMBER.size)

    def made(self, number: int) -> None:
        """A worker is about to be forked; numbers grow. Called by the arbiter only."""
        self._raise(_MADE, number)

    def serves(self, number: int) -> None:
        """That worker takes connections from now on."""
        self._raise(_SERVING, number)

    def is_awaited(self) -> bool:
        """Whether the newest worker is still on its way."""
        return self._read(_MADE) > self._read(_SERVING)

    def has_begun(self) -> bool:
        """Whether any worker has served yet."""
        return self._read(_SERVING) > 0

    def _raise(self, place: int, number: int) -> None:
        _NUMBER.pack_into(self._memory, place, max(number, self._read(place)))

    def _read(self, place: int) -> int:
        number: int = _NUMBER.unpack_from(self._memory, place)[0]
        return number


def address_of(sock: socket.socket) -> Address:
    return sock.family, sock.getsockname()


def is_served(address: Address) -> bool:
    """Whether anybody listens there; whoever does sees a connection that ends at once."""
    family, place = address
    if isinstance(place, tuple):
        place = (_ANYWHERE.get(place[0], place[0]), place[1])
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.settimeout(_PROBE_SECONDS)
        try:
            probe.connect(place)
        except OSError:
            return False
        return True
