"""A process's /livez, /readyz, /metrics and /state over a Unix socket in home, and on TCP where asked for.

Plain HTTP/1.1, one answer a connection: for probes, Prometheus and our own commands. A thread sleeps in accept; an
asker gets one of a few threads for as long as its answer takes. Knows the board and nothing of components.
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
from sampan_operate.supervisor.health import Board

log = logging.getLogger(__name__)

PATIENCE = 5.0  # seconds that an asker has for its question, and for taking its answer
MOST = 16  # askers at once
LONGEST = 8192  # bytes of a request's head
TEXT, JSON = "text/plain; charset=utf-8", "application/json"
METRICS = "text/plain; version=0.0.4; charset=utf-8"
PATH_LIMIT = 100  # bytes that surely fit into sockaddr_un


class Exposure:
    """Serves one board until closed."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._slots = threading.BoundedSemaphore(MOST)
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._files: list[Path] = []

    def on_file(self, path: Path) -> None:
        """Replaces what a process before has left there."""
        path.unlink(missing_ok=True)
        end = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with reachable(path) as short:
            end.bind(short)
        path.chmod(0o600)
        self._files.append(path)
        self._serve(end)

    def on_address(self, text: str) -> str:
        """``host:port`` (``:8080`` for every address, port 0 for a free one); where it serves. Raises ConfigError."""
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
        thread = threading.Thread(target=self._accept, args=(end,), name="exposing", daemon=True)
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
            threading.Thread(target=self._answer, args=(connection,), name="exposing", daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        try:
            with connection:
                connection.settimeout(PATIENCE)
                head = _head(connection)
                if head:
                    connection.sendall(respond(self._board, head))
        except OSError:
            pass  # whoever asked went away: nobody to tell
        except Exception:
            log.exception("a question about health could not be answered")
        finally:
            self._slots.release()


def respond(board: Board, head: bytes) -> bytes:
    """The whole answer to a request's head."""
    words = head.split(b"\r\n", 1)[0].decode("latin-1").split()
    if len(words) != 3 or words[0] not in ("GET", "HEAD"):
        return _response(405 if len(words) == 3 else 400, TEXT, b"only GET is answered here\n", b"")
    path, _, query = words[1].partition("?")
    found = _PAGES.get(path)
    if found is None:
        body = f"nothing is here; there are {', '.join(_PAGES)}\n".encode()
        return _response(404, TEXT, body, b"")
    code, kind, body = found(board, query)
    return _response(code, kind, body, b"" if words[0] == "GET" else b"HEAD")


def _livez(board: Board, query: str) -> tuple[int, str, bytes]:
    return 200, TEXT, b"ok"


def _readyz(board: Board, query: str) -> tuple[int, str, bytes]:
    well, words = board.readiness(verbose="verbose" in query.replace("=", "&").split("&"))
    return 200 if well else 503, TEXT, words.encode()


def _metrics(board: Board, query: str) -> tuple[int, str, bytes]:
    return 200, METRICS, board.exposition()


def _state(board: Board, query: str) -> tuple[int, str, bytes]:
    return 200, JSON, json.dumps({"pid": os.getpid(), **board.state()}).encode()


_PAGES: dict[str, Callable[[Board, str], tuple[int, str, bytes]]] = {
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
    """Up to the empty line; b"" where none comes within bounds."""
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
    """The path of a Unix socket in a form that is short enough, however deep the home lies. Source: unix(7)."""
    if len(os.fsencode(path)) <= PATH_LIMIT:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
