"""port-forward: connections to a pod's ports carried inside one WebSocket that speaks SPDY.

A connection is a pair of streams with one requestID: what is wrong is said on the error stream, bytes go over the data
stream. Source: KEP-4006 and client-go's portforward (meaning).
"""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
from collections.abc import Callable

from sampan.contracts.runtime import RuntimeFailure
from sampan_node import spdy
from sampan_node.websocket import Connection

log = logging.getLogger(__name__)

PROTOCOL = "SPDY/3.1+portforward.k8s.io"
CHUNK = 32768
PATIENCE = 30.0  # seconds that the program in the pod may take to accept bytes before its connection is given up


class Forwarder:
    """``dial(port)`` gives a connected socket into the pod; ``where`` names the pod in messages."""

    def __init__(self, connection: Connection, dial: Callable[[int], socket.socket], where: str) -> None:
        self._connection, self._dial, self._where = connection, dial, where
        self._frames = spdy.Frames()
        self._lock = threading.Lock()  # of what is sent: header compression needs the order
        self._errors: dict[str, int] = {}  # requestID -> error stream
        self._sockets: dict[int, socket.socket] = {}  # data stream -> the pod's end

    def serve(self) -> None:
        """Until the client goes away. Blocks."""
        try:
            for message in self._connection.messages():
                for event in self._frames.receive(message):
                    self._handle(event)
        except spdy.ProtocolError as error:
            log.info("node: port-forward to %s: %s", self._where, error)
        finally:
            for stream in list(self._sockets):
                self._drop(stream)
            self._connection.close()

    def _handle(self, event: spdy.Event) -> None:
        match event:
            case spdy.Opened():
                self._open(event)
            case spdy.Data():
                self._pass_on(event)
            case spdy.Reset():
                self._drop(event.stream)
            case spdy.Ping():
                self._send(lambda: self._frames.pong(event.number))
            case spdy.GoAway():
                return

    def _open(self, event: spdy.Opened) -> None:
        self._send(lambda: self._frames.accept(event.stream))
        request = event.headers.get("requestid", "")
        if event.headers.get("streamtype") == "error":
            self._errors[request] = event.stream
            return
        errors = self._errors.pop(request, 0)
        port = event.headers.get("port", "")
        try:
            pod = self._dial(int(port))
        except (OSError, ValueError, RuntimeFailure) as error:
            text = f"error forwarding port {port} to pod {self._where}: {error}"
            self._send(lambda: self._frames.data(errors, text.encode(), over=True))
            self._send(lambda: self._frames.data(event.stream, b"", over=True))
            return
        pod.settimeout(PATIENCE)
        self._sockets[event.stream] = pod
        threading.Thread(target=self._carry, args=(event.stream, errors, pod), daemon=True).start()

    def _carry(self, stream: int, errors: int, pod: socket.socket) -> None:
        """From the pod to the client until either ends."""
        try:
            while data := _read(pod):
                if not self._send(lambda data=data: self._frames.data(stream, data)):  # type: ignore[misc]  # its default
                    break
        except OSError as error:
            log.debug("node: port-forward to %s: %s", self._where, error)
        self._send(lambda: self._frames.data(stream, b"", over=True))
        self._send(lambda: self._frames.data(errors, b"", over=True))
        self._drop(stream)

    def _pass_on(self, event: spdy.Data) -> None:
        pod = self._sockets.get(event.stream)
        if pod is None:
            return
        try:
            pod.sendall(event.data)
            if event.over:
                pod.shutdown(socket.SHUT_WR)
        except OSError:
            self._drop(event.stream)
            self._send(lambda: self._frames.reset(event.stream))

    def _drop(self, stream: int) -> None:
        pod = self._sockets.pop(stream, None)
        if pod is not None:
            with contextlib.suppress(OSError):
                pod.shutdown(socket.SHUT_RDWR)
            pod.close()

    def _send(self, frame: Callable[[], bytes]) -> bool:
        with self._lock:
            return self._connection.send(frame())


def _read(pod: socket.socket) -> bytes:
    """The next bytes, however long they take; b"" at the end."""
    while True:
        try:
            return pod.recv(CHUNK)
        except TimeoutError:
            continue
