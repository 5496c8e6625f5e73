"""Requests without sockets: the client calls the WSGI application, so that a whole cluster can run in one process.

The caller is trusted: ``environ["sampan.user"]`` holds the User, and authentication is skipped. A watch is the
application's generator, read by a separate thread.
"""

from __future__ import annotations

import io
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import unquote

from sampan.contracts.access import User
from sampan_client.transports import Response, Stream

Application = Callable[..., Iterable[bytes]]


class InProcessTransport:
    """Calls ``app`` on the caller's thread."""

    selectable = False

    def __init__(self, app: Application, user: User) -> None:
        self._app = app
        self._user = user

    def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Response:
        call = _Call()
        parts = self._app(environ_of(method, path, headers, body or b"", self._user), call.start)
        try:
            data = b"".join(parts)
        finally:
            _close(parts)
        return Response(call.status, call.headers, data)

    def stream(self, path: str, headers: Mapping[str, str], *, longest: int = 0) -> Stream:
        stopping = threading.Event()
        environ = environ_of("GET", path, headers, b"", self._user)
        #: An application that waits for changes checks this event, so that the client can end a watch.
        environ["sampan.stopping"] = stopping
        return CallStream(self._app, environ, stopping)

    def close(self) -> None:
        return None


class CallStream:
    """A watch by a direct call. A thread reads the application's generator, which cannot be interrupted, into a queue;
    so the reader can stop at once."""

    def __init__(self, app: Application, environ: dict[str, Any], stopping: threading.Event) -> None:
        self._call = _Call()
        self._app, self._environ, self._stopping = app, environ, stopping
        self._body = b""
        self._queue: deque[bytes] = deque()
        self._more = threading.Condition()
        self._done = False
        self._begun = False

    @property
    def status(self) -> int:
        return self._call.status

    @property
    def ended(self) -> bool:
        return self._stopping.is_set() or (self._done and not self._queue)

    @property
    def body(self) -> bytes:
        return self._body

    def fileno(self) -> int:
        return -1

    def wait(self, timeout: float | None = None) -> None:
        with self._more:
            if not self._begun:
                self._begun = True
                threading.Thread(target=self._pump, name="in-process watch", daemon=True).start()
            if not self._queue and not self._done and not self._stopping.is_set():
                self._more.wait(timeout)

    def read(self, timeout: float | None = None, most: int = 0) -> list[bytes]:
        if timeout != 0:
            self.wait(timeout)
        with self._more:
            lines = list(self._queue)
            self._queue.clear()
        return lines

    def close(self) -> None:
        self._stopping.set()
        with self._more:
            self._more.notify_all()

    def _pump(self) -> None:
        rest = b""
        try:
            parts = self._app(self._environ, self._call.start)
            try:
                for part in parts:
                    if self._stopping.is_set():
                        return
                    if self._call.status >= 400:
                        self._body += part
                        continue
                    *lines, rest = (rest + part).split(b"\n")
                    self._add([line for line in lines if line])
            finally:
                _close(parts)
        finally:
            with self._more:
                self._done = True
                self._more.notify_all()

    def _add(self, lines: list[bytes]) -> None:
        if lines:
            with self._more:
                self._queue.extend(lines)
                self._more.notify_all()


class _Call:
    """The status and headers that the application passes to ``start_response``."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: object = None) -> Callable[[bytes], None]:
        self.status = int(status.split(" ", 1)[0])
        self.headers = {name.lower(): value for name, value in headers}
        return lambda data: None


def environ_of(method: str, path: str, headers: Mapping[str, str], body: bytes, user: User) -> dict[str, Any]:
    """Source: PEP 3333. RAW_URI is set as gunicorn does."""
    bare, _, query = path.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(bare, "latin-1"),
        "QUERY_STRING": query,
        "RAW_URI": path,
        "SERVER_NAME": "in-process",
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "https",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "sampan.user": user,
    }
    for name, value in headers.items():
        key = name.upper().replace("-", "_")
        environ["CONTENT_TYPE" if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    return environ


def _close(parts: Iterable[bytes]) -> None:
    close = getattr(parts, "close", None)
    if close is not None:
        close()
