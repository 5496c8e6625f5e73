"""The pages behind sampan's event-loop server: blocking work on its pool, live streams on its loop without a thread.

Under any other WSGI server (gunicorn's own workers, a test client) the same application works with a thread a stream.
"""

from __future__ import annotations

import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sampan_http import Limits, Server
from sampan_http.handoff import Offloaded

LIMITS = Limits(threads=16, connections=2000, body_bytes=2 * 1024 * 1024, queued_bytes=32 * 1024 * 1024)


@dataclass(frozen=True)
class WholeAnswer:
    """As sampan_http sends it."""

    status: int
    body: bytes
    content_type: str
    headers: Sequence[tuple[str, str]]


class OnPool:
    """A WSGI application whose requests run on the server's pool, because they wait for the API server."""

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self._app = app

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if "sampan.loop" not in environ:
            return self._app(environ, start_response)
        raise Offloaded(lambda: self._answer(environ))

    def _answer(self, environ: dict[str, Any]) -> WholeAnswer:
        status, headers = 500, [("", "")]

        def start(line: str, given: list[tuple[str, str]], exc_info: object = None) -> Callable[[bytes], None]:
            nonlocal status, headers
            status, headers = int(line.split(" ", 1)[0]), given
            return lambda data: None

        parts = self._app(environ, start)
        try:
            body = b"".join(parts)
        finally:
            close = getattr(parts, "close", None)
            if close is not None:
                close()
        rest = [(name, value) for name, value in headers if name.lower() not in ("content-type", "content-length")]
        kind = next((value for name, value in headers if name.lower() == "content-type"), "")
        return WholeAnswer(status, body, kind, rest)


class PageServer:
    """Listens when it is made; ``start`` serves on a thread of its own until ``stop``."""

    def __init__(
        self, app: Callable[..., Iterable[bytes]], address: str, port: int, *, unix: str = "",
        context: ssl.SSLContext | None = None,
    ) -> None:  # fmt: skip
        """Raises OSError that says what cannot be listened on."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._sockets = [_listen(family, (address, port), f"{address}:{port}")]
        self.port = int(self._sockets[0].getsockname()[1])
        self._unix = unix
        if unix:
            self._sockets.append(_private(unix))
        self._server = Server(OnPool(app), self._sockets, ssl_context=context, limits=LIMITS)
        self._thread = threading.Thread(target=self._server.run, name="dashboard pages", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.stop()
        self._thread.join(10)
        for sock in self._sockets:
            sock.close()
        if self._unix:
            Path(self._unix).unlink(missing_ok=True)


def _listen(family: int, where: Any, words: str) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        if family != socket.AF_UNIX:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(where)
        sock.listen(128)
    except OSError as error:
        sock.close()
        raise OSError(error.errno, f"the dashboard cannot listen on {words}: {error.strerror}") from error
    return sock


def _private(path: str) -> socket.socket:
    """A socket for this user only; one that an ended process left is replaced."""
    Path(path).unlink(missing_ok=True)
    before = os.umask(0o177)
    try:
        return _listen(socket.AF_UNIX, path, path)
    finally:
        os.umask(before)


def tls(certificate: str, key: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key or None)
    return context
