"""The server's side of a WebSocket: handshake by hand, frames by wsproto. Knows bytes, nothing of pods.

Source: RFC 6455; subprotocols *.channel.k8s.io from KEP-4006.
"""

from __future__ import annotations

import base64
import binascii
import logging
import struct
import threading
from collections.abc import Iterator, Mapping, Sequence
from email.message import Message
from typing import Any, NamedTuple

from sampan.errors import BadRequest
from sampan_machinery.websocket import accept_value
from sampan_node.streams.links import Link

#: Of exec and attach, best first; "" = none offered.
PROTOCOLS = (
    "v5.channel.k8s.io", "v4.channel.k8s.io", "channel.k8s.io", "v4.base64.channel.k8s.io", "base64.channel.k8s.io", "",
)  # fmt: skip
LARGEST = 32 << 20  # bytes of one message
TOO_LARGE = 1009  # the code that says so
ZERO = ord("0")
FINAL_BINARY = 0x82  # a frame's first byte: the last of its message, binary

log = logging.getLogger(__name__)


class Handshake(NamedTuple):
    protocol: str
    head: bytes  # the complete 101 answer


def is_asked(headers: Mapping[str, str] | Message) -> bool:
    return "websocket" in (headers.get("Upgrade") or "").lower()


def listed(headers: Mapping[str, str] | Message, name: str) -> list[str]:
    """The values of a header that is a list, in one line or in several."""
    lines = (headers.get_all(name) or []) if isinstance(headers, Message) else [headers.get(name) or ""]
    return [value.strip() for line in lines for value in line.split(",") if value.strip()]


def accept(headers: Mapping[str, str] | Message, protocols: Sequence[str] = PROTOCOLS) -> Handshake:
    """``protocols``: those spoken, best first.

    Raises BadRequest for what is no WebSocket upgrade, or offers no protocol of ours.
    """
    if not is_asked(headers):
        raise BadRequest("unable to upgrade: the request asks neither for a WebSocket nor for SPDY/3.1")
    key = headers.get("Sec-WebSocket-Key") or ""
    offered = listed(headers, "Sec-WebSocket-Protocol") or [""]
    protocol = next((one for one in protocols if one in offered), None)
    if not key or protocol is None:
        raise BadRequest(f"unable to upgrade: none of the protocols {offered} is known")
    lines = [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {accept_value(key)}",
    ]
    if protocol:
        lines.append(f"Sec-WebSocket-Protocol: {protocol}")
    return Handshake(protocol, ("\r\n".join(lines) + "\r\n\r\n").encode())


class WebSocketConnection:
    """One reader and any number of writers."""

    def __init__(self, link: Link) -> None:
        from wsproto import connection, events, utilities  # 1 MB, and most nodes see no WebSocket for hours

        self._link = link
        self._events, self._errors = events, utilities
        self._frames = connection.Connection(connection.ConnectionType.SERVER)
        self._open = connection.ConnectionState.OPEN
        self._lock = threading.Lock()  # of the frames
        self._order = threading.Lock()  # frames go out in the order in which they were made
        self._parting = False  # our close frame is sent; what still comes is read until the other side's arrives

    def messages(self) -> Iterator[bytes]:
        """Whole messages until the other side closes or goes away."""
        parts: list[bytes] = []
        size = 0
        while True:
            data = self._link.receive()
            try:
                with self._lock:
                    self._frames.receive_data(data or None)
                    events = list(self._frames.events())
            except self._errors.RemoteProtocolError:
                return
            for event in events:
                if isinstance(event, self._events.Message):
                    body = event.data.encode() if isinstance(event.data, str) else bytes(event.data)
                    parts.append(body)
                    size += len(body)
                    if event.message_finished:
                        yield b"".join(parts)
                        parts, size = [], 0
                    elif size > LARGEST:
                        self.close(TOO_LARGE)
                        return
                elif isinstance(event, self._events.Ping):
                    self._write(event.response())
                elif isinstance(event, self._events.CloseConnection):
                    self._write(event.response())
                    return
            if not data:
                return

    def send(self, message: bytes) -> bool:
        """False where the client has gone. Framed here: an unmasked frame is its head and the bytes as they are, which
        wsproto copies four times; it keeps the state of the connection, which whole messages do not change."""
        with self._order:
            return self._may_send() and self._link.send(binary_head(len(message)) + message)

    def _may_send(self) -> bool:
        with self._lock:
            return self._frames.state is self._open

    def send_text(self, message: str) -> bool:
        return self._write(self._events.TextMessage(data=message))

    def close(self, code: int = 1000) -> None:
        """Send the close frame; ``messages`` ends when the other side answers. Closing the socket before that would
        reset the connection while bytes of the client are in flight, and the client would not read the end."""
        if not self._parting:
            self._parting = True
            self._write(self._events.CloseConnection(code=code))

    def abandon(self) -> None:
        """Close the socket, answered or not."""
        self._link.cut()

    def _write(self, event: Any) -> bool:
        with self._order:  # not the frames' lock: who waits for the client to read must not keep us from reading it
            try:
                with self._lock:
                    data = self._frames.send(event)
            except self._errors.LocalProtocolError:
                return False
            return self._link.send(data)


def binary_head(length: int) -> bytes:
    """Of a whole binary message in one unmasked frame. Source: RFC 6455, 5.2."""
    if length < 126:
        return bytes([FINAL_BINARY, length])
    return (
        struct.pack("!BBH", FINAL_BINARY, 126, length)
        if length < 1 << 16
        else struct.pack("!BBQ", FINAL_BINARY, 127, length)
    )


class Base64Channels:
    """A connection of the base64.channel.k8s.io kind, used as the plain kind: each message is text, the channel's
    digit and then the bytes in base64."""

    def __init__(self, connection: WebSocketConnection) -> None:
        self._connection = connection
        self.close, self.abandon = connection.close, connection.abandon

    def messages(self) -> Iterator[bytes]:
        for message in self._connection.messages():
            try:
                yield bytes([(message[0] - ZERO) & 0xFF]) + base64.b64decode(message[1:], validate=True)
            except (binascii.Error, IndexError):
                log.debug("node: a message that is not base64 was passed over")

    def send(self, message: bytes) -> bool:
        return self._connection.send_text(chr(ZERO + message[0]) + base64.b64encode(message[1:]).decode())


def channels(link: Link, protocol: str) -> WebSocketConnection | Base64Channels:
    """The connection as the protocol that was agreed on wants it."""
    connection = WebSocketConnection(link)
    return Base64Channels(connection) if "base64." in protocol else connection
