"""The server's side of a WebSocket: handshake by hand, frames by wsproto. Knows bytes, nothing of pods.

Source: RFC 6455; subprotocols *.channel.k8s.io from KEP-4006.
"""

from __future__ import annotations

import base64
import hashlib
import select
import ssl
import threading
from collections.abc import Iterator, Mapping, Sequence
from email.message import Message
from typing import Any, NamedTuple

from wsproto.connection import Connection as Frames
from wsproto.connection import ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Ping, TextMessage
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from sampan.errors import BadRequest

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io", "channel.k8s.io", "")  # best first; "" = none offered


class Accepted(NamedTuple):
    protocol: str
    head: bytes  # the complete 101 answer


def accept(headers: Mapping[str, str] | Message, protocols: Sequence[str] = PROTOCOLS) -> Accepted:
    """``protocols``: those spoken, best first.

    Raises BadRequest for what is no WebSocket upgrade, or offers no protocol of ours.
    """
    if "websocket" not in (headers.get("Upgrade") or "").lower():
        raise BadRequest("unable to upgrade: only WebSocket is spoken here")
    key = headers.get("Sec-WebSocket-Key") or ""
    offered = [one.strip() for one in (headers.get("Sec-WebSocket-Protocol") or "").split(",")]
    protocol = next((one for one in protocols if one in offered), None)
    if not key or protocol is None:
        raise BadRequest(f"unable to upgrade: none of the protocols {offered} is known")
    digest = base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()
    lines = [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {digest}",
    ]
    if protocol:
        lines.append(f"Sec-WebSocket-Protocol: {protocol}")
    return Accepted(protocol, ("\r\n".join(lines) + "\r\n\r\n").encode())


class Connection:
    """One reader and any number of writers; TLS sockets may not be read and written at once, hence the lock."""

    def __init__(self, sock: Any) -> None:
        self._socket = sock
        self._socket.setblocking(False)
        self._frames = Frames(ConnectionType.SERVER)
        self._lock = threading.Lock()
        self._parting = False  # we have said goodbye; what still comes is read until the other side has, too
        self._closed = False

    def messages(self) -> Iterator[bytes]:
        """Whole messages until the other side closes or goes away."""
        parts: list[bytes] = []
        while not self._closed:
            data = self._receive()
            try:
                with self._lock:
                    self._frames.receive_data(data or None)
                    events = list(self._frames.events())
            except RemoteProtocolError:
                return
            for event in events:
                if isinstance(event, BytesMessage | TextMessage):
                    body = event.data.encode() if isinstance(event.data, str) else bytes(event.data)
                    parts.append(body)
                    if event.message_finished:
                        yield b"".join(parts)
                        parts = []
                elif isinstance(event, Ping):
                    self._write(event.response())
                elif isinstance(event, CloseConnection):
                    self._write(event.response())
                    return
            if not data:
                return

    def send(self, message: bytes) -> bool:
        """False where nobody listens any more."""
        return self._write(BytesMessage(data=message))

    def close(self, code: int = 1000) -> None:
        """Say goodbye; ``messages`` ends when the other side answers.

        Letting go before that would reset the connection where bytes of the client are still on their way, and the
        client would not get to read the end.
        """
        if not self._parting:
            self._parting = True
            self._write(CloseConnection(code=code))

    def abandon(self) -> None:
        """Let go, answered or not."""
        self._closed = True

    def _write(self, event: Any) -> bool:
        with self._lock:
            try:
                data = self._frames.send(event)
            except LocalProtocolError:
                return False
            return self._send(data)

    def _send(self, data: bytes) -> bool:
        view = memoryview(data)
        while view:
            try:
                view = view[self._socket.send(view) :]
            except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
                select.select([], [self._socket], [], 30)
            except (OSError, ValueError):
                return False
        return True

    def _receive(self) -> bytes:
        """b"" at the end."""
        while not self._closed:
            try:
                with self._lock:
                    return bytes(self._socket.recv(65536))
            except (BlockingIOError, ssl.SSLWantReadError):
                try:
                    select.select([self._socket], [], [], 30)
                except (OSError, ValueError):
                    return b""
            except OSError:
                return b""
        return b""
