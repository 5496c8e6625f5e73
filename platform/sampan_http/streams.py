"""Answers drained on a pool thread through a blocking socket. Knows nothing of the loop."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterable, Iterator
from typing import Any

from sampan_http.answers import LAST_CHUNK, chunk

log = logging.getLogger(__name__)

_SLICE = 65536


def drain(sock: socket.socket, head: bytes, body: Iterable[bytes], *, chunked: bool, stall: float) -> bool:
    """Send head and body; False when the client did not get all of it. ``stall`` is what one slice may take, seconds.

    The body is closed in any case (PEP 3333). A body that fails half way leaves the client without its end, so that
    it cannot take the part for the whole.
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
        finish(body)
    return True


def finish(body: object) -> None:
    """Close an iterator that wants to be; a failure is logged."""
    close = getattr(body, "close", None)
    if close is not None:
        try:
            close()
        except Exception:
            log.exception("the body of an answer could not be closed")


def begun(first: bytes, rest: Iterator[bytes], whole: object) -> Iterator[bytes]:
    """A body of which the first piece has been taken already."""
    try:
        yield first
        yield from rest
    finally:
        finish(whole)


class Early:
    """A socket in front of which stand bytes that were read before it was handed over."""

    def __init__(self, sock: socket.socket, early: bytes) -> None:
        self.lent = sock
        self._early = early

    def recv(self, size: int = 65536, flags: int = 0) -> bytes:
        if self._early:
            data, self._early = self._early[:size], self._early[size:]
            return data
        return self.lent.recv(size, flags)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.lent, name)


def _send(sock: socket.socket, data: bytes) -> None:
    view = memoryview(data)
    for at in range(0, len(view), _SLICE):
        sock.sendall(view[at : at + _SLICE])
