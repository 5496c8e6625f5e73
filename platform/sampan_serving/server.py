"""A server that handles each connection on a thread of its own."""

from __future__ import annotations

import logging
import socket
import socketserver
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

log = logging.getLogger(__name__)

BACKLOG = 128  # connections not yet accepted; the library's five are fewer than a burst of execs makes


class Server(ThreadingHTTPServer):
    """Listens as soon as it is made; port 0 takes a free one. Raises OSError where it cannot listen.

    A client that ends its connection or does not speak TLS is expected: it is counted and not logged."""

    daemon_threads = True
    request_queue_size = BACKLOG

    def __init__(self, address: str, port: int, handler: type[BaseHTTPRequestHandler], *, name: str) -> None:
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.name = name  # of its thread, and in the log
        self.failed = 0  # connections that ended in an OSError
        self._started = False
        super().__init__((address, port), handler)
        self.port = int(self.server_address[1])

    def server_bind(self) -> None:
        """Without the library's DNS lookup of this host's name: it takes ten seconds where DNS does not answer, and
        nothing here uses the name."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exc_info()[1]
        if isinstance(error, OSError):  # ssl.SSLError and TimeoutError are among them
            self.failed += 1
            log.debug("%s: a connection of %s failed: %s", self.name, client_address, error)
        else:
            log.error("%s: a request of %s failed", self.name, client_address, exc_info=error)

    def start(self) -> None:
        self._started = True
        threading.Thread(target=self.serve_forever, name=self.name, daemon=True).start()

    def stop(self) -> None:
        if self._started:  # the library's shutdown waits forever for a loop that never ran
            self.shutdown()
        self.server_close()
