"""Requests over sockets: a small pool of keep-alive ``http.client`` connections.

Knows bytes and headers, but no Kubernetes objects. ``http.client`` was the fastest of the clients measured.
"""

from __future__ import annotations

import contextlib
import http.client
import select
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Mapping
from urllib.parse import urlsplit

from sampan_client.bounded import bounded_answers
from sampan_client.kubeconfig import Config
from sampan_client.streams import SocketStream
from sampan_client.transports import Response

#: Methods that may be sent again if a keep-alive connection turns out to be dead. Source: RFC 9110 §9.2.2.
IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})
_CONNECT_TIMEOUT = 10.0
_ANSWER_TIMEOUT = 65.0  # the server gives up on a request after 60 s
_MOST_IDLE = 16
_LOOK_EVERY = 1.0  # seconds between two looks whether the kubeconfig has another certificate


class HttpTransport:
    """Connections to one server, opened on demand and kept for further requests."""

    selectable = True

    def __init__(self, config: Config, *, answer_seconds: float = 0.0, most_bytes: int = 0) -> None:
        """For a server that is not trusted: ``answer_seconds`` is the deadline of a whole answer, from the request to
        its last byte; ``most_bytes`` the most that it may have. A server that passes one of them cannot be reached."""
        url = urlsplit(config.server)
        if url.scheme not in ("http", "https") or not url.hostname:
            raise ValueError(f"the server's address {config.server!r} is not an http(s) URL")
        self._host = url.hostname
        self._port = url.port or (443 if url.scheme == "https" else 80)
        self._prefix = url.path.rstrip("/")
        self._tls = tls_context(config) if url.scheme == "https" else None
        self._tls_name = config.tls_server_name or self._host
        self._config = config
        self._authorization = config.authorization
        self._idle: deque[http.client.HTTPConnection] = deque()
        self._lock = threading.Lock()
        self._closed = False
        self._answer_seconds, self._most_bytes = answer_seconds or _ANSWER_TIMEOUT, most_bytes
        self._bounded = bool(answer_seconds or most_bytes)
        self._look = 0.0

    def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Response:
        while True:
            connection = self._take()
            fresh = connection.sock is None
            try:
                return self._exchange(connection, method, path, headers, body)
            except (http.client.HTTPException, OSError) as error:
                connection.close()
                if fresh or method not in IDEMPOTENT or isinstance(error, TimeoutError):
                    raise self._unreachable(error) from error

    def stream(self, path: str, headers: Mapping[str, str], *, longest: int = 0) -> SocketStream:
        self._take_renewed()
        connection = self._new()
        try:
            connection.request("GET", self._prefix + path, headers=self._signed(headers))
        except (http.client.HTTPException, OSError) as error:
            connection.close()
            raise self._unreachable(error) from error
        sock = connection.sock
        # Detects a peer that vanished without closing within 45 seconds, as client-go's health check does: until then a
        # node whose link was cut and is whole again would not hear what has become of its pods.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
        return SocketStream(sock, longest=longest)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, deque()
        for connection in idle:
            connection.close()

    def _exchange(
        self, connection: http.client.HTTPConnection, method: str, path: str, headers: Mapping[str, str],
        body: bytes | None,
    ) -> Response:  # fmt: skip
        connection.request(method, self._prefix + path, body=body, headers=self._signed(headers))
        connection.sock.settimeout(self._answer_seconds)
        if self._bounded:
            connection.response_class = bounded_answers(self._answer_seconds, self._most_bytes)  # type: ignore[assignment]
        answer = connection.getresponse()
        data = answer.read()
        found = Response(answer.status, {name.lower(): value for name, value in answer.getheaders()}, data)
        if answer.will_close:
            connection.close()
        else:
            self._put(connection)
        return found

    def _signed(self, headers: Mapping[str, str]) -> dict[str, str]:
        value = self._authorization()
        return {**headers, "Authorization": value} if value else dict(headers)

    def _take_renewed(self) -> None:
        """Use a certificate that has been renewed in the kubeconfig: for new connections, so kept ones are closed. A
        stream goes on until it ends."""
        if (now := time.monotonic()) < self._look:
            return
        self._look = now + _LOOK_EVERY
        if not self._config.renewed():
            return
        with self._lock:
            idle, self._idle = self._idle, deque()
            if self._tls is not None and self._config.certificate:
                with self._config.certificate_files() as (certificate, key):
                    self._tls.load_cert_chain(certificate, key)
        for connection in idle:
            connection.close()

    def _new(self) -> http.client.HTTPConnection:
        if self._tls is None:
            return http.client.HTTPConnection(self._host, self._port, timeout=_CONNECT_TIMEOUT)
        return _TlsConnection(self._host, self._port, self._tls, self._tls_name)

    def _take(self) -> http.client.HTTPConnection:
        self._take_renewed()
        # Without the lock, for asking the kernel lets other threads run: sixteen binders waited for each other here (14
        # of 100 samples of a busy control process). A deque's pop is atomic.
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return self._new()
            if connection.sock is not None and not _readable(connection.sock):
                return connection
            connection.close()  # readable while idle: the server has closed it

    def _put(self, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            if not self._closed and len(self._idle) < _MOST_IDLE:
                self._idle.append(connection)
                return
        connection.close()

    def _unreachable(self, error: Exception) -> ConnectionError:
        why = str(error) or type(error).__name__
        return ConnectionError(f"the API server at {self._host}:{self._port} cannot be reached: {why}")


class _TlsConnection(http.client.HTTPConnection):
    """An HTTPSConnection that verifies a name which may differ from the address."""

    default_port = 443

    def __init__(self, host: str, port: int, context: ssl.SSLContext, name: str) -> None:
        super().__init__(host, port, timeout=_CONNECT_TIMEOUT)
        self._tls, self._name = context, name

    def connect(self) -> None:
        super().connect()
        self.sock = self._tls.wrap_socket(self.sock, server_hostname=self._name)


def trusting(authorities: str, *, insecure: bool = False) -> ssl.SSLContext:
    """A client's TLS context for HTTP/1.1 that trusts these authorities (PEM), the machine's where there are none, or
    any server."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_alpn_protocols(["http/1.1"])
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif authorities:
        context.load_verify_locations(cadata=authorities)
    else:
        context.load_default_certs()
    return context


def tls_context(config: Config) -> ssl.SSLContext:
    """The TLS context of all connections: the cluster's CA, and the client certificate if there is one."""
    context = trusting(config.ca.decode(), insecure=config.insecure)
    if config.certificate:
        # Python's ssl module reads a key only from a file.
        with config.certificate_files() as (certificate, key):
            context.load_cert_chain(certificate, key)
    return context


def _readable(sock: socket.socket) -> bool:
    poll = select.poll()
    with contextlib.suppress(ValueError):
        poll.register(sock, select.POLLIN)
        return bool(poll.poll(0))
    return True
