"""The sockets: the API over HTTPS for the API server alone, and figures over plain HTTP for Prometheus."""

from __future__ import annotations

import json
import logging
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from sampan.errors import InternalError, StatusError, Unauthorized
from sampan_metrics.api import Api
from sampan_metrics.figures import Figures
from sampan_metrics.trust import FrontProxyTrust
from sampan_serving import server
from sampan_serving.handler import TlsHandler

log = logging.getLogger(__name__)

PATIENCE = 15  # seconds that a client may be silent, in the handshake too
KEPT = 90  # seconds that a connection is kept for a next request
AT_ONCE = 64  # connections served together; more have to wait


class Security:
    """The TLS certificate that is served and the callers that are trusted; replaced while serving."""

    def __init__(self) -> None:
        self.trust: FrontProxyTrust | None = None
        self.context: ssl.SSLContext | None = None


class Server(server.Server):
    """Serves ``AT_ONCE`` connections at a time."""

    def __init__(self, address: str, port: int, handler: type[BaseHTTPRequestHandler], *, name: str) -> None:
        self._slots = threading.BoundedSemaphore(AT_ONCE)
        super().__init__(address, port, handler, name=name)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._slots.acquire()
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._slots.release()


def api_server(address: str, port: int, api: Api, security: Security, figures: Figures) -> Server:
    """Not started yet; listens already."""

    class Bound(ApiHandler):
        pass

    Bound.api, Bound.security, Bound.figures = api, security, figures
    return Server(address, port, Bound, name="metrics-api")


def figure_server(address: str, port: int, registries: list[CollectorRegistry]) -> Server:
    class Bound(FigureHandler):
        pass

    Bound.registries = registries
    return Server(address, port, Bound, name="metrics-figures")


class Handler(TlsHandler):
    server_version = "sampan-metrics"
    timeout, handshake_seconds = KEPT, PATIENCE
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:
        log.debug("metrics: " + format, *args)

    def say(self, code: int, body: bytes, kind: str) -> None:
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


class ApiHandler(Handler):
    """/healthz for every client; everything else for callers that the front proxy names."""

    api: Api
    security: Security
    figures: Figures

    def tls_context(self) -> ssl.SSLContext:
        if self.security.context is None:
            raise ConnectionError("nothing to serve with yet")
        return self.security.context

    def answer(self) -> None:
        try:
            self._drain()
            self._answer()
        except StatusError as error:
            self._refuse(error)
        except (OSError, ssl.SSLError):
            raise
        except Exception:
            log.exception("metrics: %s %s failed", self.command, self.path)
            self._refuse(InternalError("Internal error occurred: the add-on's log has the details"))

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    def _drain(self) -> None:
        """Read a body that is not used, so that the next request is found."""
        length = self.headers.get("Content-Length") or "0"
        if not length.isdigit() or int(length) > 1 << 20 or self.headers.get("Transfer-Encoding"):
            self.close_connection = True
            return
        self.rfile.read(int(length))

    def _answer(self) -> None:
        address = urlsplit(self.path)
        if address.path in ("/healthz", "/livez", "/readyz"):
            self.say(200, b"ok", "text/plain")
            return
        trust = self.security.trust
        if trust is None or not trust.user(self.request.getpeercert(), self.headers):
            raise Unauthorized("Unauthorized")
        query = parse_qs(address.query, keep_blank_values=True)
        found = self.api.answer(self.command, unquote(address.path), query, self.headers.get("Accept", ""))
        self.figures.requests.labels("200").inc()
        self.say(200, json.dumps(found, separators=(",", ":")).encode(), "application/json")

    def _refuse(self, error: StatusError) -> None:
        self.figures.requests.labels(str(error.code)).inc()
        self.say(error.code, json.dumps(error.to_status()).encode(), "application/json")


class FigureHandler(Handler):
    registries: list[CollectorRegistry]

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == "/healthz":
            self.say(200, b"ok", "text/plain")
        elif path == "/metrics":
            self.say(200, b"".join(generate_latest(registry) for registry in self.registries), CONTENT_TYPE_LATEST)
        else:
            self.say(404, b"only /metrics is here\n", "text/plain")

    do_HEAD = do_GET


def listening(make: Callable[[], Server], what: str) -> Server:
    """Raises OSError that says what could not listen."""
    try:
        return make()
    except OSError as error:
        raise OSError(error.errno, f"{what} cannot listen: {error.strerror}") from error
