"""Reading a long answer incrementally: a parser for HTTP/1.1 responses, and the socket that it reads from.

``http.client`` blocks in the middle of a chunk, which is not acceptable for one thread that reads twenty watches.
Source: RFC 9112 §6, §7.1.
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl

_MOST_HEAD = 64 * 1024
_MOST_BODY = 1024 * 1024  # of an error answer
_READ = 64 * 1024


class Piece(bytes):
    """The first or a middle part of a line that is too long; the rest follows."""


class Lines:
    """Parses one response into the lines of its body. Raises ConnectionError for what is not HTTP.

    ``longest``: a longer line is returned in Pieces of exactly that many bytes, and a rest; 0: lines are never split.
    """

    def __init__(self, longest: int = 0) -> None:
        self._longest = longest
        self.status = 0
        self.ended = False
        self.body = bytearray()  # of an error answer only
        self._raw = b""  # bytes not parsed yet
        self._line = b""  # the beginning of an unfinished line
        self._chunked = False
        self._left = 0  # bytes left of the current chunk or body; -1: until the connection closes
        self._after_chunk = False

    def feed(self, data: bytes) -> list[bytes]:
        """Add ``data``; returns the lines that it completes. Empty ``data`` means that the peer has closed."""
        if not data:
            return self._closed()
        self._raw += data
        if not self.status and not self._head():
            return []
        content = self._dechunk() if self._chunked else self._plain()
        if self.status >= 400:
            self.body += content[: _MOST_BODY - len(self.body)]
            return []
        text = self._line + content
        lines = text.split(b"\n")
        self._line = b"" if self.ended else lines.pop()
        if self._longest and len(text) > self._longest:
            return self._cut(lines)
        return [line for line in lines if line]

    def _cut(self, lines: list[bytes]) -> list[bytes]:
        cut = [part for line in lines for part in self._parts(line) if part]
        if len(self._line) > self._longest:
            *begun, self._line = self._parts(self._line)
            cut += begun
        return cut

    def _parts(self, line: bytes) -> list[bytes]:
        longest, last = self._longest, (max(len(line), 1) - 1) // self._longest * self._longest
        return [*(Piece(line[at : at + longest]) for at in range(0, last, longest)), line[last:]]

    def _closed(self) -> list[bytes]:
        self.ended = True
        if not self.status:
            raise ConnectionError("the server closed the connection without an answer")
        if self._chunked or self._left > 0:
            raise ConnectionError("the server closed the connection in the middle of an answer")
        rest, self._line = self._line, b""
        return [rest] if rest else []

    def _head(self) -> bool:
        end = self._raw.find(b"\r\n\r\n")
        if end < 0:
            if len(self._raw) > _MOST_HEAD:
                raise ConnectionError("the answer's head is too long")
            return False
        first, *fields = self._raw[:end].decode("latin-1").split("\r\n")
        self._raw = self._raw[end + 4 :]
        words = first.split(" ", 2)
        if len(words) < 2 or not words[0].startswith("HTTP/1.") or not words[1].isdigit():
            raise ConnectionError(f"the answer is not HTTP: {first[:80]!r}")
        if words[1].startswith("1"):
            return self._head() if self._raw else False
        self.status = int(words[1])
        headers = {name.strip().lower(): value.strip() for name, _, value in (f.partition(":") for f in fields)}
        self._chunked = headers.get("transfer-encoding", "").lower() == "chunked"
        length = headers.get("content-length", "")
        self._left = 0 if self._chunked else int(length) if length.isdigit() else -1
        self.ended = not self._chunked and self._left == 0
        return True

    def _plain(self) -> bytes:
        content, self._raw = self._raw, b""
        if self._left > 0:
            content = content[: self._left]
            self._left -= len(content)
            self.ended = self._left == 0
        return content

    def _dechunk(self) -> bytes:
        raw, at, found = self._raw, 0, []
        while not self.ended and at < len(raw):
            if self._left:
                piece = raw[at : at + self._left]
                found.append(piece)
                at += len(piece)
                self._left -= len(piece)
                self._after_chunk = not self._left
                continue
            end = raw.find(b"\r\n", at)
            if end < 0:
                break
            if self._after_chunk:
                self._after_chunk = False
            else:
                self._left = _chunk_size(raw[at:end])
                self.ended = not self._left
            at = end + 2
        self._raw = raw[at:]
        if self.ended:
            self._chunked = False
        return b"".join(found)


def _chunk_size(text: bytes) -> int:
    try:
        return int(text.split(b";", 1)[0], 16)
    except ValueError:
        raise ConnectionError(f"the answer has a bad chunk size: {text[:20]!r}") from None


class SocketStream:
    """A watch on its own connection. Not blocking: ``read(0)`` returns what is there."""

    def __init__(self, sock: socket.socket, *, longest: int = 0) -> None:
        self._sock = sock
        self._lines = Lines(longest)
        self._closed = False
        self._failure: ConnectionError | None = None
        sock.setblocking(False)

    @property
    def status(self) -> int:
        return self._lines.status

    @property
    def ended(self) -> bool:
        return self._lines.ended or self._closed

    @property
    def body(self) -> bytes:
        return bytes(self._lines.body)

    def fileno(self) -> int:
        return self._sock.fileno()

    def read(self, timeout: float | None = None, most: int = 0) -> list[bytes]:
        if timeout != 0 and not self._failure:
            self.wait(timeout)
        lines: list[bytes] = []
        left = most
        try:
            # TLS: decrypted bytes do not make the socket readable again, so read all of them.
            while not self.ended and not self._failure:
                data = self._receive()
                if data is None:
                    break
                lines += self._lines.feed(data)
                left -= len(data)
                if most and left <= 0 and lines:
                    break
        except ConnectionError as error:
            self._failure = error
        if self._failure and not lines:
            raise self._failure  # only after all earlier lines have been returned
        return lines

    def close(self) -> None:
        """Also wakes a reader in another thread, which then sees the end."""
        self._closed = True
        with contextlib.suppress(OSError):  # the peer closed first
            socket.socket.shutdown(self._sock, socket.SHUT_RDWR)
        self._sock.close()

    def wait(self, timeout: float | None = None) -> None:
        poll = select.poll()
        try:
            poll.register(self._sock, select.POLLIN)
        except ValueError:
            return  # closed meanwhile
        poll.poll(None if timeout is None else timeout * 1000)

    def _receive(self) -> bytes | None:
        """Bytes, b"" at the end, None if nothing is readable now."""
        if self._closed:
            return None
        try:
            return self._sock.recv(_READ)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None
        except ssl.SSLEOFError:
            return b""
        except OSError as error:
            if self._closed:
                return None
            raise ConnectionError(f"the watch's connection broke: {error}") from error
