"""Health check node ports: what load balancers ask whether this node has endpoints of a Service (traffic policy Local).

One thread for all ports, started with the first one. Source: core/v1 ServiceSpec.healthCheckNodePort; the answer is
upstream's: 200 with endpoints on this node, 503 without.
"""

from __future__ import annotations

import json
import logging
import selectors
import socket
import threading
from collections.abc import Mapping

from sampan_proxy.wanted import ServiceKey

log = logging.getLogger(__name__)

SECONDS = 1.0  # for a client to ask
MOST = 4096  # bytes of a request that are read
BACKLOG = 16


class HealthChecks:
    """``apply`` may be called from one thread only."""

    def __init__(self, host: str = "0.0.0.0") -> None:
        self._host = host
        self._counts: Mapping[int, tuple[ServiceKey, int]] = {}
        self._listening: dict[int, socket.socket] = {}
        self._failed: set[int] = set()
        self._selector: selectors.BaseSelector | None = None
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._wake: tuple[socket.socket, socket.socket] | None = None

    def apply(self, counts: Mapping[int, tuple[ServiceKey, int]]) -> None:
        """Listen on these ports: port → Service, number of its endpoints on this node."""
        self._counts = dict(counts)
        self._failed &= counts.keys()
        for port in self._listening.keys() - counts.keys():
            self._close(port)
        for port in counts.keys() - self._listening.keys() - self._failed:
            self._open(port)

    def close(self) -> None:
        for port in list(self._listening):
            self._close(port)
        self._stop.set()
        if self._thread is not None and self._wake is not None and self._selector is not None:
            self._wake[1].send(b"x")
            self._thread.join(2 * SECONDS)
            self._selector.close()
            for end in self._wake:
                end.close()

    def _open(self, port: int) -> None:
        try:
            listening = socket.create_server((self._host, port), backlog=BACKLOG)
        except OSError as error:
            self._failed.add(port)
            log.warning("cannot listen on health check node port %d: %s", port, error.strerror or error)
            return
        self._start()
        assert self._selector is not None and self._wake is not None
        listening.setblocking(False)
        with self._lock:
            self._listening[port] = listening
            self._selector.register(listening, selectors.EVENT_READ, port)
        self._wake[1].send(b"x")

    def _close(self, port: int) -> None:
        with self._lock:
            listening = self._listening.pop(port)
            if self._selector is not None:
                self._selector.unregister(listening)
            listening.close()

    def _start(self) -> None:
        if self._thread is None:
            self._selector = selectors.DefaultSelector()
            self._wake = socket.socketpair()
            self._selector.register(self._wake[0], selectors.EVENT_READ, 0)
            self._thread = threading.Thread(target=self._serve, name="health-checks", daemon=True)
            self._thread.start()

    def _serve(self) -> None:
        assert self._selector is not None and self._wake is not None
        while not self._stop.is_set():
            for key, _ in self._selector.select():
                if not key.data:
                    self._wake[0].recv(64)
                    continue
                try:
                    connection, _ = key.fileobj.accept()  # type: ignore[union-attr]
                except OSError:  # closed in this moment, or the client has gone
                    continue
                self._answer(connection, key.data)

    def _answer(self, connection: socket.socket, port: int) -> None:
        with connection:
            connection.settimeout(SECONDS)
            try:
                connection.recv(MOST)
                connection.sendall(self._response(port))
            except OSError as error:
                log.debug("health check on port %d was not answered: %s", port, error)

    def _response(self, port: int) -> bytes:
        (namespace, name), count = self._counts.get(port, (("", ""), 0))
        said = {
            "service": {"namespace": namespace, "name": name}, "localEndpoints": count, "serviceProxyHealthy": True,
        }  # fmt: skip
        body = json.dumps(said).encode()
        status = "200 OK" if count else "503 Service Unavailable"
        head = (
            f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nX-Content-Type-Options: nosniff\r\n"
            f"X-Load-Balancing-Endpoint-Weight: {count}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        return head.encode() + body
