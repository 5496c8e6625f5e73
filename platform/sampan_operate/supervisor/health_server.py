"""Serves a process's /livez, /readyz, /metrics and /state on a Unix socket in home, and on TCP if requested.

Plain HTTP/1.1, one request per connection: for probes, Prometheus and sampan's commands. One thread waits in accept;
each client gets one of a few threads for its request. Knows ProcessHealth and nothing of components.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from sampan.errors import ConfigError
from sampan_operate.supervisor.health import ProcessHealth

log = logging.getLogger(__name__)

TIMEOUT = 5.0  # seconds for a client to send its request, and to read the answer
MOST = 16  # clients at once
LONGEST = 8192  # bytes of a request's head
TEXT, JSON = "text/plain; charset=utf-8", "application/json"
METRICS = "text/plain; version=0.0.4; charset=utf-8"
PATH_LIMIT = 100  # bytes that fit into sockaddr_un on every system


class HealthServer:
    """Serves the health of one process until closed."""

    def __init__(self, health: ProcessHealth) -> None:
        self._health = health
        self._slots = threading.BoundedSemaphore(MOST)
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._files: list[Path] = []

    def on_file(self, path: Path) -> None:
        """Listen on a Unix socket; replaces one that an earlier process has left."""
        path.unlink(missing_ok=True)
        end = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with reachable(path) as short:
            end.bind(short)
        path.chmod(0o600)
        self._files.append(path)
        self._serve(end)

    def on_address(self, text: str) -> str:
        """Listen on ``host:port`` (``:8080``: all addresses, port 0: a free one). Returns the address. Raises
        ConfigError."""
        host, port = parse_address(text)
        try:
            end = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        except OSError as error:
            raise ConfigError(f"{text} cannot be listened on ({error.strerror}); choose another --listen") from error
        place = end.getsockname()
        self._serve(end)
        return f"[{place[0]}]:{place[1]}" if ":" in host else f"{place[0]}:{place[1]}"

    def close(self) -> None:
        for end in self._sockets:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)  # wakes the thread in accept
            end.close()
        for thread in self._threads:
            thread.join(timeout=5)
        for path in self._files:
            path.unlink(missing_ok=True)

    def _serve(self, end: socket.socket) -> None:
        end.listen(64)
        thread = threading.Thread(target=self._accept, args=(end,), name="health", daemon=True)
        self._sockets.append(end)
        self._threads.append(thread)
        thread.start()

    def _accept(self, end: socket.socket) -> None:
        while True:
            try:
                connection, _ = end.accept()
            except OSError:
                return
            if not self._slots.acquire(blocking=False):
                connection.close()
                continue
            threading.Thread(target=self._answer, args=(connection,), name="health", daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        try:
            with connection:
                connection.settimeout(TIMEOUT)
                head = _head(connection)
                if head:
                    connection.sendall(respond(self._health, head))
        except OSError:
            pass  # the client has closed the connection
        except Exception:
            log.exception("a health request failed")
        finally:
            self._slots.release()


def respond(health: ProcessHealth, head: bytes) -> bytes:
    """The complete response to a request head."""
    words = head.split(b"\r\n", 1)[0].decode("latin-1").split()
    if len(words) != 3 or words[0] not in ("GET", "HEAD"):
        return _response(405 if len(words) == 3 else 400, TEXT, b"only GET is supported\n", b"")
    path, _, query = words[1].partition("?")
    found = _PAGES.get(path)
    if found is None:
        body = f"not found; there are {', '.join(_PAGES)}\n".encode()
        return _response(404, TEXT, body, b"")
    code, kind, body = found(health, query)
    return _response(code, kind, body, b"" if words[0] == "GET" else b"HEAD")


def _livez(health: ProcessHealth, query: str) -> tuple[int, str, bytes]:
    return 200, TEXT, b"ok"


def _readyz(health: ProcessHealth, query: str) -> tuple[int, str, bytes]:
    well, words = health.readiness(verbose="verbose" in query.replace("=", "&").split("&"))
    return 200 if well else 503, TEXT, words.encode()


def _metrics(health: ProcessHealth, query: str) -> tuple[int, str, bytes]:
    return 200, METRICS, health.exposition()


def _state(health: ProcessHealth, query: str) -> tuple[int, str, bytes]:
    return 200, JSON, json.dumps({"pid": os.getpid(), **health.state()}).encode()


_PAGES: dict[str, Callable[[ProcessHealth, str], tuple[int, str, bytes]]] = {
    "/livez": _livez, "/readyz": _readyz, "/metrics": _metrics, "/state": _state,
}  # fmt: skip
_REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 503: "Service Unavailable"}


def _response(code: int, kind: str, body: bytes, method: bytes) -> bytes:
    head = (
        f"HTTP/1.1 {code} {_REASONS[code]}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + (b"" if method == b"HEAD" else body)


def _head(connection: socket.socket) -> bytes:
    """The request head up to the empty line; b"" if it is too long or too slow."""
    found = b""
    while b"\r\n\r\n" not in found:
        more = connection.recv(4096)
        if not more or len(found) > LONGEST:
            return b""
        found += more
    return found


def parse_address(text: str) -> tuple[str, int]:
    """Raises ConfigError."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65535:
        raise ConfigError(f"--listen wants HOST:PORT, such as 0.0.0.0:8080, not {text!r}")
    return host.strip("[]") or "0.0.0.0", int(port)


@contextlib.contextmanager
def reachable(path: Path) -> Iterator[str]:
    """The path of a Unix socket in a form that is short enough for any depth of the home. Source: unix(7)."""
    if len(os.fsencode(path)) <= PATH_LIMIT:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
