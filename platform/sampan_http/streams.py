"""Streamed answers, sent by a pool thread over a blocking socket. Knows nothing of the loop."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterable, Iterator
from typing import Any

from sampan_http.answers import LAST_CHUNK, chunk

log = logging.getLogger(__name__)

_SLICE = 65536


def stream_body(sock: socket.socket, head: bytes, body: Iterable[bytes], *, chunked: bool, stall: float) -> bool:
    """Send head and body. Returns False if the client did not get all of it. ``stall``: most seconds for one write.

    The body is closed in any case (PEP 3333). If the body fails midway, no last chunk is sent, so the client can tell
    that it is incomplete.
    """
    try:
        sock.settimeout(stall)
        sock.sendall(head)
        for piece in body:
            if piece:
                _send(sock, chunk(piece) if chunked else piece)
        if chunked:
            sock.sendall(LAST_CHUNK)
    except OSError as error:
        log.debug("a streamed answer ended early: %s", error)
        return False
    except Exception:
        log.exception("the body of an answer failed")
        return False
    finally:
        close_body(body)
    return True


def close_body(body: object) -> None:
    """Close the body if it has ``close``; a failure is logged."""
    close = getattr(body, "close", None)
    if close is not None:
        try:
            close()
        except Exception:
            log.exception("the body of an answer could not be closed")


def with_first_piece(first: bytes, rest: Iterator[bytes], whole: object) -> Iterator[bytes]:
    """A body whose first piece has been read already."""
    try:
        yield first
        yield from rest
    finally:
        close_body(whole)


class PrereadSocket:
    """A socket together with bytes that were read from it earlier; ``recv`` returns those first."""

    def __init__(self, sock: socket.socket, preread: bytes) -> None:
        self.raw_socket = sock
        self._preread = preread

    def recv(self, size: int = 65536, flags: int = 0) -> bytes:
        if self._preread:
            data, self._preread = self._preread[:size], self._preread[size:]
            return data
        return self.raw_socket.recv(size, flags)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.raw_socket, name)


def _send(sock: socket.socket, data: bytes) -> None:
    view = memoryview(data)
    for at in range(0, len(view), _SLICE):
        sock.sendall(view[at : at + _SLICE])
