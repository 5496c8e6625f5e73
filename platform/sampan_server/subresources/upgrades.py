"""A connection taken over from HTTP, for subresources that speak WebSocket or SPDY. Runs on a pool thread."""

from __future__ import annotations

import contextlib
import socket
import time
from typing import Any, cast

from sampan.contracts.serving import Upgrade
from sampan_forwarding.splicing import keep_alive
from sampan_http.tls import send_close_notify

PARTING = 2.0  # seconds


class SocketUpgrade:
    """Upgrade over the (TLS) socket that the worker hands out."""

    def __init__(self, sock: object) -> None:
        self._socket = cast(socket.socket, sock)

    def recv(self, size: int = 65536) -> bytes:
        return self._socket.recv(size)

    def send(self, data: bytes | memoryview) -> int:
        return self._socket.send(data)

    def sendall(self, data: bytes) -> None:
        self._socket.sendall(data)

    def setblocking(self, flag: bool) -> None:
        self._socket.setblocking(flag)

    def fileno(self) -> int:
        return self._socket.fileno()

    def close(self) -> None:
        """Say that nothing more comes, read what the client still sends for a moment. The worker closes the socket.

        Closing at once would reset the connection where anything of the client is unread, and take from it what it has
        not read yet: how a command ended. Closing here, on a pool thread, would free the descriptor while the loop
        still knows the connection by it: a new connection with that number would be struck off in its place, and be
        reset at its deadline without an answer.
        """
        deadline = time.monotonic() + PARTING
        sock = getattr(self._socket, "raw_socket", self._socket)  # the socket below PrereadSocket
        with contextlib.suppress(OSError, ValueError):
            send_close_notify(sock)
            sock.shutdown(socket.SHUT_WR)
            while (left := deadline - time.monotonic()) > 0:
                sock.settimeout(left)
                if not sock.recv(65536):
                    break


def taken(sock: Any, head: bytes) -> Upgrade:
    upgrade = SocketUpgrade(sock)
    keep_alive(getattr(sock, "raw_socket", sock))
    if head:
        upgrade.sendall(head)
    return upgrade
