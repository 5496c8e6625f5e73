"""The head and the body of another server's answer, as they come."""

from __future__ import annotations

import contextlib
import http.client
import socket
import time
from collections.abc import Callable, Iterator

CHUNK = 65536  # bytes read at once, at the most
HEAD_BYTES = 65536


def read_head(sock: socket.socket, who: str) -> bytes:
    """The head of an answer, with what has come of its body. Raises ConnectionError, also for one that is too long, and
    OSError."""
    head = b""
    while b"\r\n\r\n" not in head:
        data = sock.recv(CHUNK)
        if not data or len(head) > HEAD_BYTES:
            raise ConnectionError(f"{who} ended the conversation")
        head += data
    return head


class StreamedBody(Iterator[bytes]):
    """``until``: by the monotonic clock, None for an answer that goes on for as long as the caller wants. ``done`` is
    called once, after the last byte. ``who`` answers, as errors say. ``cancel`` may be called from any thread and ends
    it; ``close`` once it is over."""

    def __init__(
        self, sock: socket.socket, response: http.client.HTTPResponse, until: float | None, done: Callable[[], None],
        *, who: str,
    ) -> None:  # fmt: skip
        self._sock, self._response, self._until, self._done = sock, response, until, done
        self._who = who
        self._open = True

    def __next__(self) -> bytes:
        """Raises TimeoutError, ConnectionError or OSError."""
        left = None if self._until is None else self._until - time.monotonic()
        if left is not None and left <= 0:
            raise TimeoutError(f"{self._who} took too long over its answer")
        self._sock.settimeout(left)
        try:
            data = self._response.read1(CHUNK)
        except (http.client.HTTPException, ValueError) as error:
            raise ConnectionError(f"{self._who} broke its answer off: {error}") from error
        if not data:
            self.close()
            raise StopIteration
        return data

    def cancel(self) -> None:
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self._sock, socket.SHUT_RDWR)  # a TLS socket's own would free what a reader uses

    def close(self) -> None:
        if self._open:
            self._open = False
            self._response.close()
            self._sock.close()
            self._done()
