"""port-forward: connections to a pod's ports carried over SPDY, plain or inside a WebSocket.

A connection is a pair of streams with one requestID: what is wrong is said on the error stream, bytes go over the data
stream. Source: KEP-4006 and client-go's portforward (meaning).
"""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
from collections.abc import Callable
from functools import partial

from sampan_node.streams import spdy
from sampan_node.streams.links import PlainConnection
from sampan_node.streams.websocket import WebSocketConnection
from sampan_runtime.contracts import RuntimeFailure

log = logging.getLogger(__name__)

PROTOCOL = "SPDY/3.1+portforward.k8s.io"  # inside a WebSocket
PLAIN_PROTOCOLS = ("portforward.k8s.io",)
KINDS = ("error", "data")
MOST_HALVES = 1000  # streams whose counterpart has not come
CHUNK = 128 * 1024  # bytes that are read at once: each piece costs a frame and, with TLS, several system calls
PATIENCE = 30.0  # seconds that the program in the pod may take to accept bytes before its connection is given up


class Forwarded:
    """One connection into the pod, and the two streams that the client has for it."""

    def __init__(self, port: int, data: int, errors: int) -> None:
        self.port, self.data, self.errors = port, data, errors
        self.dialled = threading.Event()  # connected or failed
        self.socket: socket.socket | None = None
        self._lock = threading.Lock()
        self._closed = False

    def connect(self, dial: Callable[[int], socket.socket]) -> socket.socket:
        sock = dial(self.port)
        sock.settimeout(PATIENCE)
        with self._lock:
            self.socket = sock
            if self._closed:
                _shut(sock)
        self.dialled.set()
        return sock

    def close(self) -> None:
        """Wakes the thread that reads from the pod, too."""
        with self._lock:
            self._closed = True
            if self.socket is not None:
                _shut(self.socket)


class Forwarder:
    """``dial(port)`` gives a connected socket into the pod; ``where`` names the pod in messages."""

    def __init__(
        self, connection: WebSocketConnection | PlainConnection, dial: Callable[[int], socket.socket], where: str
    ) -> None:
        self._connection, self._dial, self._where = connection, dial, where
        self._frames = spdy.Frames()
        self._order = threading.Lock()  # of what is sent: header compression needs it
        self._half: dict[str, tuple[str, int]] = {}  # requestID -> type and number of the stream that came first
        self._forwarded: dict[int, Forwarded] = {}  # by data stream

    def serve(self) -> None:
        """Until the client goes away. Blocks."""
        try:
            for message in self._connection.messages():
                for event in self._frames.receive(message):
                    self._handle(event)
        except spdy.ProtocolError as error:
            log.info("node: port-forward to %s: %s", self._where, error)
        finally:
            for one in list(self._forwarded.values()):
                one.close()
            self._connection.close()
            self._connection.abandon()  # wakes those who wait for the client to take more

    def _handle(self, event: spdy.Event) -> None:
        match event:
            case spdy.Opened():
                self._open(event)
            case spdy.Data():
                self._pass_on(event)
            case spdy.Reset():
                self._reset(event.stream)
            case spdy.Ping():
                self._send(lambda: self._frames.pong(event.number))
            case spdy.GoAway():
                return

    def _open(self, event: spdy.Opened) -> None:
        kind, port = event.headers.get("streamtype", ""), event.headers.get("port", "")
        is_port = port.isascii() and port.isdigit() and 0 < int(port) < 65536
        request = _request_of(event, kind)
        first, number = self._half.get(request, ("", 0))
        if not is_port or kind not in KINDS or first == kind or len(self._half) >= MOST_HALVES:
            self._send(lambda: self._frames.reset(event.stream))
            return
        self._send(lambda: self._frames.accept(event.stream))
        if not first:
            self._half[request] = (kind, event.stream)
            return
        del self._half[request]
        data, errors = (event.stream, number) if kind == "data" else (number, event.stream)
        one = self._forwarded[data] = Forwarded(int(port), data, errors)
        threading.Thread(target=self._carry, args=(one,), daemon=True).start()

    def _carry(self, one: Forwarded) -> None:
        """Dial, then carry from the pod to the client until either ends."""
        said = b""
        try:
            with one.connect(self._dial) as pod:
                while data := read(pod):
                    if not self._send(partial(self._frames.data, one.data, data)):
                        break
        except (OSError, ValueError, RuntimeFailure) as error:
            said = f"error forwarding port {one.port} to pod {self._where}: {error}".encode()
        finally:
            one.dialled.set()
            if self._forwarded.pop(one.data, None) is not None:  # else the client has reset it
                self._send(lambda: self._frames.data(one.errors, said, over=True))
                self._send(lambda: self._frames.data(one.data, b"", over=True))

    def _pass_on(self, event: spdy.Data) -> None:
        one = self._forwarded.get(event.stream)
        if one is None:
            return
        one.dialled.wait()
        if one.socket is None:
            return
        try:
            one.socket.sendall(event.data)
            if event.over:
                one.socket.shutdown(socket.SHUT_WR)
        except OSError:
            self._reset(event.stream)
            self._send(lambda: self._frames.reset(event.stream))

    def _reset(self, stream: int) -> None:
        one = self._forwarded.pop(stream, None)
        if one is not None:
            one.close()
        for request, (_, number) in list(self._half.items()):
            if number == stream:
                del self._half[request]

    def _send(self, frame: Callable[[], bytes]) -> bool:
        with self._order:
            return self._connection.send(frame())


def _request_of(event: spdy.Opened, kind: str) -> str:
    """Which two streams belong together. Older clients send no requestID, but open the error stream just before the
    data stream."""
    return event.headers.get("requestid") or f"stream {event.stream - 2 * (kind == 'data')}"


def _shut(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def read(pod: socket.socket) -> bytes:
    """The next bytes, however long they take; b"" at the end."""
    while True:
        try:
            return pod.recv(CHUNK)
        except TimeoutError:
            continue
