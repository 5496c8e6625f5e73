"""SPDY/3.1 frames, as far as Kubernetes needs them: streams with headers, data, pings. Bytes only, no sockets.

kubectl speaks it inside a WebSocket for port-forward (KEP-4006), and by itself, as older ones do, for exec and attach
too; a container runtime's streaming server expects it of its clients. There is no flow
control: neither kubectl nor kubelet use it.
Source: draft-mbelshe-httpbis-spdy-00 (framing, 2.6.10.1 header compression).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import NamedTuple

SYN_STREAM, SYN_REPLY, RST_STREAM, PING, GOAWAY = 1, 2, 3, 6, 7
FIN = 1
CANCEL = 5  # status of a reset
VERSION = 0x8003
LARGEST = 1 << 20  # bytes of one frame

_WORDS = (
    "options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age allow "
    "authorization cache-control connection content-base content-encoding content-language content-length "
    "content-location content-md5 content-range content-type date etag expect expires from host if-match "
    "if-modified-since if-none-match if-range if-unmodified-since last-modified location max-forwards pragma "
    "proxy-authenticate proxy-authorization range referer retry-after server te trailer transfer-encoding upgrade "
    "user-agent vary via warning www-authenticate method get status"
)
_TAIL = (
    "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505"
    "203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized"
    "403 Forbidden404 Not Found500 Internal Server Error501 Not Implemented503 Service Unavailable"
    "Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMT"
    "chunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/javascript,"
    "publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0."
)


def _text(text: str) -> bytes:
    return struct.pack("!I", len(text)) + text.encode()


_PHRASES = ("200 OK", "version", "HTTP/1.1", "url", "public", "set-cookie", "keep-alive", "origin")
#: What both sides know before the first header: the words of the specification, each after its length, and a tail.
DICTIONARY = b"".join(_text(word) for word in (*_WORDS.split(), *_PHRASES)) + _TAIL.encode()


NAME = "SPDY/3.1"
VERSIONS = "X-Stream-Protocol-Version"


class ProtocolError(ValueError):
    """The other side sent what is no SPDY."""


class Opened(NamedTuple):
    stream: int
    headers: Mapping[str, str]
    over: bool  # nothing more will come on it


class Data(NamedTuple):
    stream: int
    data: bytes
    over: bool


class Reset(NamedTuple):
    stream: int


class Ping(NamedTuple):
    number: int


class GoAway(NamedTuple):
    """The other side opens no more streams."""


Event = Opened | Data | Reset | Ping | GoAway


class Frames:
    """Both directions of one connection: what came, as events; what to send, as bytes (in the order of these calls)."""

    def __init__(self) -> None:
        self._received = b""
        self._inflate = zlib.decompressobj(zdict=DICTIONARY)
        self._deflate = zlib.compressobj(zdict=DICTIONARY)

    def receive(self, data: bytes) -> Iterator[Event]:
        """Raises ProtocolError."""
        self._received += data
        while len(self._received) >= 8:
            first, second = struct.unpack_from("!II", self._received)
            length = second & 0xFFFFFF
            if length > LARGEST:
                raise ProtocolError(f"a frame of {length} bytes")
            if len(self._received) < 8 + length:
                return
            payload, self._received = self._received[8 : 8 + length], self._received[8 + length :]
            event = self._event(first, second >> 24, payload)
            if event is not None:
                yield event

    def _event(self, first: int, flags: int, payload: bytes) -> Event | None:
        if not first >> 31:
            return Data(first, payload, bool(flags & FIN))
        kind = first & 0xFFFF
        try:
            if kind == SYN_STREAM:
                (stream,) = struct.unpack_from("!I", payload)
                return Opened(stream & 0x7FFFFFFF, self._headers(payload[10:]), bool(flags & FIN))
            if kind == RST_STREAM:
                return Reset(struct.unpack_from("!I", payload)[0] & 0x7FFFFFFF)
            if kind == PING:
                return Ping(struct.unpack_from("!I", payload)[0])
        except (struct.error, zlib.error, UnicodeDecodeError) as error:
            raise ProtocolError(str(error)) from error
        return GoAway() if kind == GOAWAY else None

    def _headers(self, block: bytes) -> dict[str, str]:
        plain = self._inflate.decompress(block, LARGEST)
        (count,) = struct.unpack_from("!I", plain)
        words, at = [], 4
        for _ in range(2 * count):
            (size,) = struct.unpack_from("!I", plain, at)
            words.append(plain[at + 4 : at + 4 + size].decode())
            at += 4 + size
        return dict(zip(words[::2], words[1::2], strict=True))

    def open(self, stream: int, headers: Mapping[str, str]) -> bytes:
        """``stream`` is odd for those that a client opens, and higher than any before."""
        return self._control(SYN_STREAM, struct.pack("!IIBB", stream, 0, 0, 0) + self._block(headers))

    def accept(self, stream: int) -> bytes:
        return self._control(SYN_REPLY, struct.pack("!I", stream) + self._block({}))

    def _block(self, headers: Mapping[str, str]) -> bytes:
        pairs = b"".join(_text(name) + _text(value) for name, value in headers.items())
        plain = struct.pack("!I", len(headers)) + pairs
        return self._deflate.compress(plain) + self._deflate.flush(zlib.Z_SYNC_FLUSH)

    def data(self, stream: int, data: bytes, *, over: bool = False) -> bytes:
        return struct.pack("!II", stream, (FIN if over else 0) << 24 | len(data)) + data

    def reset(self, stream: int) -> bytes:
        return self._control(RST_STREAM, struct.pack("!II", stream, CANCEL))

    def goaway(self, last: int) -> bytes:
        return self._control(GOAWAY, struct.pack("!II", last, 0))

    def pong(self, number: int) -> bytes:
        return self._control(PING, struct.pack("!I", number))

    @staticmethod
    def _control(kind: int, payload: bytes) -> bytes:
        return struct.pack("!HHI", VERSION, kind, len(payload)) + payload
