"""exec and attach at a runtime's streaming server, as the contract's ``Stream``: SPDY/3.1, from the client's side.

SPDY and not WebSocket, because the end of the input can be told in it: of the WebSocket protocols only v5 can, which
containerd has from version 2. Source: client-go's remotecommand, protocol v4 (meaning).
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from urllib.parse import urlsplit

from sampan_forwarding import spdy
from sampan_runtime.contracts import RuntimeFailure

PROTOCOLS = ("v4.channel.k8s.io", "v3.channel.k8s.io")
PATIENCE = 30.0  # seconds for the connection and its upgrade
LONGEST_HEAD = 1 << 16  # bytes
CHUNK = 32768
CHANNELS = {"stdout": 1, "stderr": 2}


def kinds(*, stdin: bool, tty: bool) -> list[str]:
    """The streams to open, in the order in which the server may expect them."""
    found = ["error", *(["stdin"] if stdin else []), "stdout"]
    return [*found, "resize"] if tty else [*found, "stderr"]


class SpdyStream:
    """One running exec or attach; ``code`` tells the exit code where the server does not."""

    def __init__(self, url: str, wanted: Sequence[str], *, code: Callable[[], int] = lambda: 0) -> None:
        self._code = code
        self._frames, self._order = spdy.Frames(), threading.Lock()
        self._closed = threading.Lock()  # taken by the first close
        self._status = b""
        self._socket, self._rest = upgraded(url)
        self._streams = {kind: 2 * number + 1 for number, kind in enumerate(wanted)}
        self._kinds = {number: kind for kind, number in self._streams.items()}
        for kind, number in self._streams.items():
            self._send(partial(self._frames.open, number, {"streamtype": kind}))

    def output(self) -> Iterator[tuple[int, bytes]]:
        waited = {self._streams[kind] for kind in ("error", "stdout", "stderr") if kind in self._streams}
        try:
            for event in self._events():
                if isinstance(event, spdy.Data):
                    channel = CHANNELS.get(self._kinds.get(event.stream, ""))
                    if event.data and channel:
                        yield channel, event.data
                    elif event.stream == self._streams["error"]:
                        self._status += event.data
                    if event.over:
                        waited.discard(event.stream)
                elif isinstance(event, spdy.Reset):
                    waited.discard(event.stream)
                elif isinstance(event, spdy.Ping):
                    self._send(partial(self._frames.pong, event.number))
                if not waited:
                    return
        except spdy.ProtocolError as error:
            raise RuntimeFailure("ExecError", f"the runtime's streaming server: {error}") from error

    def _events(self) -> Iterator[spdy.Event]:
        data, self._rest = self._rest, b""
        while True:
            yield from self._frames.receive(data)
            try:
                data = self._socket.recv(65536)
            except OSError:
                return  # closed from our side while waiting
            if not data:
                return

    def send(self, data: bytes) -> None:
        view = memoryview(data)
        while view and "stdin" in self._streams:
            part, view = bytes(view[:CHUNK]), view[CHUNK:]
            if not self._send(partial(self._frames.data, self._streams["stdin"], part)):
                return  # the command reads no more; its exit code is what counts

    def close_input(self) -> None:
        if "stdin" in self._streams:
            self._send(lambda: self._frames.data(self._streams["stdin"], b"", over=True))

    def resize(self, width: int, height: int) -> None:
        if "resize" in self._streams:
            said = json.dumps({"Width": width, "Height": height}).encode() + b"\n"
            self._send(lambda: self._frames.data(self._streams["resize"], said))

    def exit_code(self) -> int:
        """Raises RuntimeFailure where the command could not be run."""
        if not self._status:
            return self._code()
        return exit_code_in(self._status, self._code)

    def close(self) -> None:
        if not self._closed.acquire(blocking=False):
            return
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _send(self, frame: Callable[[], bytes]) -> bool:
        with self._order:  # header compression needs it
            try:
                self._socket.sendall(frame())
            except OSError:
                return False
            return True


def exit_code_in(status: bytes, otherwise: Callable[[], int] = lambda: 0) -> int:
    """Of the Status that ends a session. Raises RuntimeFailure where it says that nothing ran."""
    try:
        found = json.loads(status)
    except ValueError as error:
        raise RuntimeFailure("ExecError", f"unreadable status: {status[:200]!r}") from error
    if found.get("status") == "Success":
        return otherwise()
    for cause in (found.get("details") or {}).get("causes") or ():
        if cause.get("reason") == "ExitCode":
            return int(cause["message"])
    raise RuntimeFailure("ExecError", found.get("message") or "the command could not be run")


def upgraded(url: str) -> tuple[socket.socket, bytes]:
    """A connection that speaks SPDY, and what came after the head of the answer. Raises RuntimeFailure."""
    parts = urlsplit(url)
    sock: socket.socket | None = None
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
        sock = socket.create_connection((parts.hostname or "", port), timeout=PATIENCE)
        if parts.scheme == "https":
            sock = ssl.create_default_context().wrap_socket(sock, server_hostname=parts.hostname)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        lines = [
            f"POST {target} HTTP/1.1", f"Host: {parts.netloc}", "Connection: Upgrade", f"Upgrade: {spdy.NAME}",
            *(f"{spdy.VERSIONS}: {one}" for one in PROTOCOLS), "Content-Length: 0", "", "",
        ]  # fmt: skip
        sock.sendall("\r\n".join(lines).encode())
        head, rest = _head(sock)
        if b" 101 " not in head.split(b"\r\n", 1)[0]:
            first = head.split(b"\r\n", 1)[0].decode(errors="replace")
            raise RuntimeFailure("ExecError", f"the runtime's streaming server answers {first}: {rest[:200]!r}")
        sock.settimeout(None)
    except OSError as error:
        _close(sock)
        raise RuntimeFailure("ExecError", f"the runtime's streaming server does not answer: {error}") from error
    except RuntimeFailure:
        _close(sock)
        raise
    return sock, rest


def _close(sock: socket.socket | None) -> None:
    if sock is not None:
        sock.close()


def _head(sock: socket.socket) -> tuple[bytes, bytes]:
    data = b""
    while b"\r\n\r\n" not in data:
        more = sock.recv(4096)
        if not more or len(data) > LONGEST_HEAD:
            raise OSError("the answer ends in its head")
        data += more
    head, _, rest = data.partition(b"\r\n\r\n")
    return head, rest
