"""Reads one HTTP/1.1 response from pieces as they come. Pure; source: RFC 9112."""

from __future__ import annotations

from typing import NamedTuple

LARGEST_HEAD = 65536
LARGEST_BODY = 16 << 20


class Reply(NamedTuple):
    status: int
    body: bytes
    seconds: float = 0.0  # from the beginning of the call


class Unreadable(ValueError):
    """It is no HTTP, or too large."""


class ResponseReader:
    """``feed`` until it returns True; ``end`` says that the connection was closed."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._status = 0
        self._left: int | None = None  # bytes of the body; None: up to the end of the connection
        self._chunked = False
        self._body = bytearray()
        self._done = False
        self.keeps = False  # the connection can be used again

    @property
    def has_begun(self) -> bool:
        return bool(self._data) or self._status != 0

    def feed(self, data: bytes) -> bool:
        """Whether the response is complete. Raises Unreadable."""
        self._data += data
        while not self._status:
            end = self._data.find(b"\r\n\r\n")
            if end < 0:
                if len(self._data) > LARGEST_HEAD:
                    raise Unreadable("the header of the response is too long")
                return False
            self._read_head(bytes(self._data[:end]))
            del self._data[: end + 4]
        self._done = self._read_chunks() if self._chunked else self._read_plain()
        if len(self._body) > LARGEST_BODY:
            raise Unreadable("the response is too long")
        return self._done

    def end(self) -> None:
        """The other side has closed. Raises Unreadable where something is missing."""
        if self._status and not self._chunked and self._left is None:
            self._done = True
        if not self._done:
            raise Unreadable("unexpected EOF" if self.has_begun else "EOF")

    def reply(self) -> Reply:
        return Reply(self._status, bytes(self._body))

    def _read_head(self, head: bytes) -> None:
        line, *rest = head.decode("latin-1").split("\r\n")
        version, _, after = line.partition(" ")
        code = after[:3]
        if not version.startswith("HTTP/1.") or not (code.isascii() and code.isdigit()):
            raise Unreadable(f"malformed HTTP response {line[:60]!r}")
        if code.startswith("1"):
            return  # informational; another head follows
        headers: dict[str, str] = {}
        for each in rest:
            name, found, value = each.partition(":")
            if not found:
                raise Unreadable(f"malformed HTTP header {each[:60]!r}")
            headers[name.strip().lower()] = value.strip()
        self._status = int(code)
        self._chunked = headers.get("transfer-encoding", "").lower().endswith("chunked")
        self._left = self._length(headers)
        closes = headers.get("connection", "").lower() == "close" or version == "HTTP/1.0"
        self.keeps = not closes and (self._chunked or self._left is not None)

    def _length(self, headers: dict[str, str]) -> int | None:
        if self._status in (204, 304):
            return 0
        text = headers.get("content-length")
        if text is None or self._chunked:
            return None
        if not (text.isascii() and text.isdigit()) or len(text) > 12:
            raise Unreadable(f"bad Content-Length {text[:20]!r}")
        return int(text)

    def _read_plain(self) -> bool:
        if self._left is None:
            self._body += self._data
            self._data.clear()
            return False
        taken = self._data[: self._left]
        self._body += taken
        self._left -= len(taken)
        del self._data[: len(taken)]
        return self._left == 0

    def _read_chunks(self) -> bool:
        while (end := self._data.find(b"\r\n")) >= 0:
            size = self._size(bytes(self._data[:end]))
            if size == 0:
                closing = self._data.find(b"\r\n\r\n")  # trailers may stand before it
                if closing < 0:
                    return False
                del self._data[: closing + 4]
                return True
            if len(self._body) + size > LARGEST_BODY:
                raise Unreadable("the response is too long")
            if len(self._data) < end + 2 + size + 2:
                return False
            self._body += self._data[end + 2 : end + 2 + size]
            del self._data[: end + 2 + size + 2]
        if len(self._data) > LARGEST_HEAD:
            raise Unreadable("malformed chunked encoding")
        return False

    @staticmethod
    def _size(line: bytes) -> int:
        text = line.partition(b";")[0].strip()
        try:
            if not text or len(text) > 8:
                raise ValueError
            return int(text, 16)
        except ValueError:
            raise Unreadable("malformed chunked encoding") from None
