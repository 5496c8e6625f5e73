"""A connection taken over from HTTP, for subresources that speak WebSocket or SPDY. Runs on a pool thread."""

from __future__ import annotations

import socket
from typing import cast

from sampan.contracts.serving import Upgrade


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
        self._socket.close()


def taken(sock: object, head: bytes) -> Upgrade:
    upgrade = SocketUpgrade(sock)
    if head:
        upgrade.sendall(head)
    return upgrade
