"""Complete HTTP responses, and their encoding to bytes. Knows nothing of sockets."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from typing import Protocol

_STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}
LAST_CHUNK = b"0\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Answer(Protocol):
    """A complete HTTP response: any object with these four attributes."""

    @property
    def status(self) -> int: ...

    @property
    def body(self) -> bytes | Iterator[bytes]:
        """An iterator is read by a pool thread and sent in chunks."""

    @property
    def content_type(self) -> str: ...

    @property
    def headers(self) -> Sequence[tuple[str, str]]: ...


@dataclass(frozen=True)
class Reply:
    """An Answer made by the server itself."""

    status: int
    body: bytes | Iterator[bytes] = b""
    content_type: str = "text/plain; charset=utf-8"
    headers: Sequence[tuple[str, str]] = ()


def status_line(code: int) -> str:
    return _STATUS_LINES.get(code) or f"{code} Unknown"


def answer_headers(answer: Answer) -> list[tuple[str, str]]:
    return [("Content-Type", answer.content_type), *answer.headers] if answer.content_type else list(answer.headers)


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


class ResponseHeads:
    """Encodes response heads. The Server and Date lines are built once per second and reused."""

    __slots__ = ("_lines", "_second")

    def __init__(self) -> None:
        self._second = 0
        self._lines = ""

    def encode(
        self, status: str, headers: Iterable[tuple[str, str]], length: int | None, *, minor: int, keep: bool
    ) -> tuple[bytes, bool, bool]:
        """Returns the head's bytes, whether the body must be chunked, and whether the connection stays open.

        ``length`` is the body's, None if unknown. Raises ValueError for a header with a line break.
        """
        second = int(time.time())
        if second != self._second:
            self._second = second
            self._lines = f"\r\nServer: sampan\r\nDate: {formatdate(second, usegmt=True)}"
        text = f"HTTP/1.1 {status}{self._lines}"
        lines = 3
        counted = False
        for name, value in headers:
            lowered = name.lower()
            if lowered == "content-length":
                counted = True
            elif lowered == "connection":
                keep = keep and value.lower() != "close"
                continue
            elif lowered == "transfer-encoding":
                continue
            text += f"\r\n{name.title() if name == lowered else name}: {value}"  # Falcon's names are lower case
            lines += 1
        chunked = False
        if not counted and status[:3] not in ("204", "304") and status[:1] != "1":
            if length is not None:
                text += f"\r\nContent-Length: {length}"
                lines += 1
            elif minor:
                chunked = True
                text += "\r\nTransfer-Encoding: chunked"
                lines += 1
            else:
                keep = False
        if not keep:
            text += "\r\nConnection: close"
            lines += 1
        elif not minor:
            text += "\r\nConnection: keep-alive"
            lines += 1
        text += "\r\n\r\n"
        if text.count("\n") != lines + 1 or text.count("\r") != lines + 1:
            raise ValueError("a response header holds a line break")
        return text.encode("latin-1"), chunked, keep
