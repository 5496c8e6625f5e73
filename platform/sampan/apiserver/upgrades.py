"""A connection taken over from HTTP, for subresources that speak WebSocket or SPDY. Runs on a pool thread."""

from __future__ import annotations

import contextlib
import socket
import time
from typing import cast

from sampan.contracts.serving import Upgrade

PARTING = 2.0  # seconds


class SocketUpgrade:
    """Upgrade over the blocking (TLS) socket that the worker hands out."""

    def __init__(self, sock: object) -> None:
        self._socket = cast(socket.socket, sock)

    def recv(self, size: int = 65536) -> bytes:
        return self._socket.recv(size)

    def sendall(self, data: bytes) -> None:
        self._socket.sendall(data)

    def fileno(self) -> int:
        return self._socket.fileno()

    def close(self) -> None:
        """Say that nothing more comes, read what the client still sends for a moment, then let go.

        Closing at once would reset the connection where anything of the client is unread, and take from it what it has
        not read yet: how a command ended.
        """
        deadline = time.monotonic() + PARTING
        with contextlib.suppress(OSError, ValueError):
            self._socket.shutdown(socket.SHUT_WR)
            while (left := deadline - time.monotonic()) > 0:
                self._socket.settimeout(left)
                if not self._socket.recv(65536):
                    break
        self._socket.close()


def taken(sock: object, head: bytes) -> Upgrade:
    upgrade = SocketUpgrade(sock)
    if head:
        upgrade.sendall(head)
    return upgrade
