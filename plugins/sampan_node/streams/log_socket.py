"""A container's log over a WebSocket: one message for each piece, bytes or base64, after an empty one.

What the client sends is ignored. Source: the subprotocols binary.k8s.io and base64.binary.k8s.io (meaning).
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Iterator

from sampan_node.streams.remote import PARTING
from sampan_node.streams.websocket import WebSocketConnection

ENCODED = "base64.binary.k8s.io"
PROTOCOLS = ("binary.k8s.io", ENCODED, "")


def serve(connection: WebSocketConnection, protocol: str, pieces: Callable[..., Iterator[bytes]]) -> None:
    """``pieces(alive=…)`` gives the log and ends when ``alive()`` is false. Blocks."""
    left = threading.Event()
    reader = threading.Thread(target=_wait_for_end, args=(connection, left), daemon=True)
    reader.start()
    try:
        _send(connection, protocol, b"")
        for piece in pieces(alive=lambda: not left.is_set()):
            if not _send(connection, protocol, piece):
                break
    finally:
        connection.close()
        reader.join(PARTING)
        connection.abandon()
        reader.join()


def _send(connection: WebSocketConnection, protocol: str, piece: bytes) -> bool:
    if protocol == ENCODED:
        return connection.send_text(base64.b64encode(piece).decode())
    return connection.send(piece)


def _wait_for_end(connection: WebSocketConnection, left: threading.Event) -> None:
    for _ in connection.messages():
        pass
    left.set()
