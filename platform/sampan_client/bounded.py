"""Answers of a server that is not trusted: read within a deadline and up to a size, head and body together.

The timeout of a socket is that of one read: a server that sends a byte now and then holds its client for ever.
"""

from __future__ import annotations

import http.client
import io
import socket
import time
from collections.abc import Callable
from typing import Any


def bounded_answers(seconds: float, most: int) -> Callable[..., http.client.HTTPResponse]:
    """For ``HTTPConnection.response_class``: the answer is read within so many seconds from now. ``most`` bytes; 0: any
    number. Reading raises OSError where a limit is passed."""
    deadline = time.monotonic() + seconds

    def answer(sock: socket.socket, *args: Any, **named: Any) -> http.client.HTTPResponse:
        return http.client.HTTPResponse(_Source(sock, deadline, most), *args, **named)  # type: ignore[arg-type]

    return answer


class _Source:
    """What HTTPResponse asks of a socket: a file."""

    def __init__(self, sock: socket.socket, deadline: float, most: int) -> None:
        self._made = (sock, deadline, most)

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(BoundedReader(*self._made))


class BoundedReader(io.RawIOBase):
    """A socket's bytes within a deadline (by ``time.monotonic``) and up to a size. Keeps the socket open, as any file
    of it."""

    def __init__(self, sock: socket.socket, deadline: float, most: int) -> None:
        self._sock, self._deadline, self._most = sock, deadline, most
        self._file = sock.makefile("rb", buffering=0)
        self._read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("its answer took too long")
        self._sock.settimeout(left)
        count = self._file.readinto(buffer)
        self._read += count or 0
        if self._most and self._read > self._most:
            raise OSError(f"its answer is longer than {self._most} bytes")
        return int(count or 0)

    def close(self) -> None:
        self._file.close()
        super().close()
