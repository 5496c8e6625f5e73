"""How the events of a watch travel: in chunks of an HTTP answer, or each as a message of a WebSocket.

Browsers watch by WebSocket. Source: API concepts, "Efficient detection of changes"; upstream's watch handler for the
shape of a message: the text of one event, or one encoded event without the length that stands before it in a stream.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from sampan.errors import BadRequest
from sampan_machinery.headers import TOKEN_PROTOCOL
from sampan_machinery.websocket import BINARY, NORMAL_CLOSE, accept_value, message
from sampan_server.request.request import Request

SHARED_FROM = 64 << 10  # bytes
_LENGTH = 4  # bytes that say how long an event is, in a stream of protobuf
_VERSION = "13"  # RFC 6455, section 4.1
_MOST_HEARD = 1 << 20  # bytes of one message of a client, which has nothing to say


class Framing(Protocol):
    """``name`` tells one way from another; ``last`` ends the stream in order."""

    name: str
    last: bytes

    def head(self, media: str, headers: Sequence[tuple[str, str]]) -> bytes:
        """The head of the answer."""

    def frame(self, event: bytes) -> bytes:
        """One event."""

    def state(self, events: bytes) -> Sequence[bytes]:
        """Events one behind the other, as parts to be sent in this order. Those above ``SHARED_FROM`` are no copies."""


class Chunked:
    """RFC 9112, section 7.1."""

    name = "chunked"
    last = b"0\r\n\r\n"

    def head(self, media: str, headers: Sequence[tuple[str, str]]) -> bytes:
        more = "".join(f"{name}: {value}\r\n" for name, value in headers)
        return (
            f"HTTP/1.1 200 OK\r\nContent-Type: {media}\r\nCache-Control: no-cache, private\r\n"
            f"Transfer-Encoding: chunked\r\nConnection: close\r\n{more}\r\n"  # it leaves HTTP for good
        ).encode()

    def frame(self, event: bytes) -> bytes:
        return b"%x\r\n%b\r\n" % (len(event), event)

    def state(self, events: bytes) -> Sequence[bytes]:
        if len(events) > SHARED_FROM:  # the same bytes may be the first state of many watches
            return (b"%x\r\n" % len(events), events, b"\r\n")
        return (self.frame(events),)


class Messages:
    """A WebSocket; one for each connection, for the answer to its key."""

    last = NORMAL_CLOSE

    def __init__(self, key: str, protocol: str, *, binary: bool) -> None:
        self.name = "binary" if binary else "text"
        self._binary = binary
        self._accept = accept_value(key)
        self._protocol = protocol

    @classmethod
    def asked(cls, request: Request, *, binary: bool) -> Messages | None:
        """The WebSocket that a request asks for, or None. BadRequest for one that asks wrongly."""
        environ = request.environ
        upgrade, connection = environ.get("HTTP_UPGRADE", ""), environ.get("HTTP_CONNECTION", "")
        if upgrade.lower() != "websocket" or "upgrade" not in connection.lower():
            return None
        key = environ.get("HTTP_SEC_WEBSOCKET_KEY", "")
        if not key:
            raise BadRequest("unable to upgrade: a WebSocket needs the header Sec-WebSocket-Key")
        version = environ.get("HTTP_SEC_WEBSOCKET_VERSION", _VERSION)
        if version != _VERSION:
            raise BadRequest(f"unable to upgrade: WebSocket version {version!r} is not spoken, only {_VERSION}")
        offered = environ.get("HTTP_SEC_WEBSOCKET_PROTOCOL", "").split(",")
        spoken = [each.strip() for each in offered if each.strip() and not each.strip().startswith(TOKEN_PROTOCOL)]
        return cls(key, spoken[0] if spoken else "", binary=binary)

    def head(self, media: str, headers: Sequence[tuple[str, str]]) -> bytes:
        more = "".join(f"{name}: {value}\r\n" for name, value in headers)
        if self._protocol:
            more += f"Sec-WebSocket-Protocol: {self._protocol}\r\n"
        return (
            f"HTTP/1.1 101 Switching Protocols\r\nContent-Type: {media}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Accept: {self._accept}\r\n{more}\r\n"
        ).encode()

    def frame(self, event: bytes) -> bytes:
        return message(event[_LENGTH:], BINARY) if self._binary else message(event)

    def state(self, events: bytes) -> Sequence[bytes]:
        return (b"".join(map(self.frame, self._each(events))),)

    def _each(self, events: bytes) -> Iterator[bytes]:
        at = 0
        while at < len(events):
            if self._binary:
                end = at + _LENGTH + int.from_bytes(events[at : at + _LENGTH], "big")
            else:
                end = events.index(b"\n", at) + 1
            yield events[at:end]
            at = end


def hearing(answer: Callable[[bytes], None], ended: Callable[[], None]) -> Callable[[bytes], None]:
    """What to call with the bytes of a WebSocket's client. It has nothing to say but that it lives or goes: pings are
    answered, and ``ended`` is called when it closes, breaks the protocol, or says too much."""
    from wsproto import connection, events, utilities  # 1 MB, and most servers see no WebSocket watch

    frames = connection.Connection(connection.ConnectionType.SERVER)
    heard = 0

    def take(data: bytes) -> None:
        nonlocal heard
        try:
            frames.receive_data(data)
            for event in frames.events():
                if isinstance(event, events.Ping):
                    answer(frames.send(event.response()))
                elif isinstance(event, events.CloseConnection):
                    ended()
                    return
                elif isinstance(event, events.Message):
                    heard = 0 if event.message_finished else heard + len(event.data)
        except utilities.ProtocolError:
            heard = _MOST_HEARD + 1
        if heard > _MOST_HEARD:
            ended()

    return take


CHUNKED = Chunked()
