"""Request bodies received in pieces: with Content-Length, or chunked (RFC 9112, 6 and 7.1).

Both are buffered completely, up to a limit. Knows nothing of sockets or of the requests around them.
"""

from __future__ import annotations

import re
from typing import Protocol

from sampan_http.refusals import Refused

_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})(?:[ \t]*;[^\r\n\x00]*)?")
_SIZE_LINE = 256  # bytes of a chunk's size line, extensions included
_TRAILERS = 8192


class Body(Protocol):
    def feed(self, data: bytes) -> bytes | None:
        """Add ``data``. Returns None if more is needed, else the bytes after the body. Raises Refused."""

    def whole(self) -> bytes: ...

    def size(self) -> int:
        """Bytes to reserve: the announced length if there is one, else what has arrived."""


def too_large(limit: int) -> Refused:
    return Refused(413, f"request body too large: limit is {limit} bytes")


class Counted:
    """A body with a Content-Length."""

    __slots__ = ("_content", "_length")

    def __init__(self, length: int, limit: int) -> None:
        if length > limit:
            raise too_large(limit)
        self._length = length
        self._content = bytearray()

    def feed(self, data: bytes) -> bytes | None:
        missing = self._length - len(self._content)
        self._content += data[:missing]
        return data[missing:] if len(data) >= missing else None

    def whole(self) -> bytes:
        return bytes(self._content)

    def size(self) -> int:
        return self._length


class Chunked:
    """A chunked body. Extensions and trailers are skipped; bodyless line feeds are refused."""

    __slots__ = ("_content", "_left", "_limit", "_rest", "_step")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._content = bytearray()
        self._rest = b""  # an incomplete line or chunk end
        self._left = 0  # bytes of the current chunk still missing
        self._step = self._size

    def feed(self, data: bytes) -> bytes | None:
        data = self._rest + data
        at: int | None = 0
        while at is not None:
            start = at
            at = self._step(data, start)
            if at is not None and at < 0:
                return data[-at:]
        self._rest = data[start:]
        return None

    def whole(self) -> bytes:
        return bytes(self._content)

    def size(self) -> int:
        return len(self._content)

    # Each step gets the data and a position. It returns the next position, None for "more data", negative at the end.

    def _size(self, data: bytes, at: int) -> int | None:
        end = data.find(b"\r\n", at, at + _SIZE_LINE)
        if end < 0:
            if len(data) - at > _SIZE_LINE or b"\n" in data[at:]:
                raise Refused(400, "malformed chunk size")
            return None
        size = _SIZE.fullmatch(data, at, end)
        if size is None:
            raise Refused(400, "malformed chunk size")
        self._left = int(size[1], 16)
        if len(self._content) + self._left > self._limit:
            raise too_large(self._limit)
        self._step = self._chunk if self._left else self._trailers
        return end + 2

    def _chunk(self, data: bytes, at: int) -> int | None:
        piece = data[at : at + self._left]
        if not piece:
            return None
        self._content += piece
        self._left -= len(piece)
        if not self._left:
            self._step = self._chunk_end
        return at + len(piece)

    def _chunk_end(self, data: bytes, at: int) -> int | None:
        if not b"\r\n".startswith(data[at : at + 2]):
            raise Refused(400, "a chunk is longer than its size")
        if len(data) < at + 2:
            return None
        self._step = self._size
        return at + 2

    def _trailers(self, data: bytes, at: int) -> int | None:
        end = data.find(b"\r\n", at, at + _TRAILERS)
        if end == at:
            return -(end + 2)
        line = data[at:] if end < 0 else data[at:end]
        if b"\n" in line or len(line) >= _TRAILERS:
            raise Refused(400, "malformed trailers")
        if end < 0:
            return None
        if b":" not in line:
            raise Refused(400, "malformed trailers")
        return end + 2
