"""Whether a draining worker has a successor: a newer worker of the same arbiter, or another process that listens.

Knows nothing of requests.
"""

from __future__ import annotations

import mmap
import socket
import struct
from typing import Any

_NUMBER = struct.Struct("q")
_FORKED, _SERVING = 0, _NUMBER.size  # two places: the arbiter writes the first, workers the second
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}
_PROBE_SECONDS = 0.2

#: Address family, and what socket.getsockname returns: a path, or a tuple that begins with host and port.
Address = tuple[int, Any]


class WorkerProgress:
    """Numbers of the newest forked and the newest serving worker of one arbiter, in shared memory. Create it before
    the first fork."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, 2 * _NUMBER.size)

    def forking(self, number: int) -> None:
        """A worker is about to be forked; numbers increase. Called by the arbiter only."""
        self._raise(_FORKED, number)

    def serving(self, number: int) -> None:
        """Worker ``number`` accepts connections from now on."""
        self._raise(_SERVING, number)

    def newest_is_starting(self) -> bool:
        """Whether the newest worker does not serve yet."""
        return self._read(_FORKED) > self._read(_SERVING)

    def any_has_served(self) -> bool:
        """Whether any worker has served."""
        return self._read(_SERVING) > 0

    def _raise(self, place: int, number: int) -> None:
        _NUMBER.pack_into(self._memory, place, max(number, self._read(place)))

    def _read(self, place: int) -> int:
        number: int = _NUMBER.unpack_from(self._memory, place)[0]
        return number


def address_of(sock: socket.socket) -> Address:
    return sock.family, sock.getsockname()


def has_listener(address: Address) -> bool:
    """Whether a process listens there. It sees a connection that is closed at once."""
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
