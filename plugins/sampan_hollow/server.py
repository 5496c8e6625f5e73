"""The kubelet's HTTPS API for all hollow nodes, on one port: figures for `kubectl top`, and plain refusals for logs
and the like. A request's node is the one whose loopback address it came to."""

from __future__ import annotations

import ipaddress
import json
import logging
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sampan_hollow.addresses import NODES
from sampan_hollow.usage import exposition

if TYPE_CHECKING:
    from sampan_hollow.machine import Machine

log = logging.getLogger(__name__)

PATIENCE = 30  # seconds that a client may take
ALLOWED_NAMES, ALLOWED_GROUPS = {"kube-apiserver-kubelet-client"}, {"system:masters"}
REFUSED = {
    "containerLogs": "hollow nodes run no containers, so there are no logs",
    "exec": "hollow nodes run no containers, so nothing can be run in them",
    "attach": "hollow nodes run no containers to attach to",
    "portForward": "hollow nodes run no containers, so no port answers",
    "run": "hollow nodes run no containers, so nothing can be run in them",
}


class Server:
    """Listens on every loopback address of hollow nodes, at ``port`` where that is free."""

    def __init__(self, pki: str, port: int = 0) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(Path(pki) / "kubelet.crt", Path(pki) / "kubelet.key")
        context.load_verify_locations(Path(pki) / "ca.crt")
        context.verify_mode = ssl.CERT_REQUIRED

        class Bound(Handler):
            pass

        self._handler, Bound.context = Bound, context
        # 0.0.0.0, for one socket is to serve a whole range of loopback addresses; others are turned away before TLS.
        try:
            self._http = _Http(("0.0.0.0", port), Bound)
        except OSError:
            self._http = _Http(("0.0.0.0", 0), Bound)
        self.port = int(self._http.server_address[1])

    def start(self, machine: Machine) -> None:
        self._handler.machine = machine
        threading.Thread(target=self._http.serve_forever, name="hollow-server", daemon=True).start()

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def verify_request(self, request: Any, client_address: Any) -> bool:
        return ipaddress.ip_address(request.getsockname()[0]) in NODES

    def handle_error(self, request: Any, client_address: Any) -> None:
        log.debug("hollow: a connection failed", exc_info=True)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = PATIENCE
    wbufsize = -1  # head and body in one piece: the API server reads a refusal's words with its head
    machine: Machine
    context: ssl.SSLContext

    def setup(self) -> None:
        self.request.settimeout(PATIENCE)
        self.request = self.context.wrap_socket(self.request, server_side=True)
        super().setup()

    def finish(self) -> None:
        """The server closes the socket that it accepted, which the TLS one has replaced."""
        try:
            super().finish()
        finally:
            self.request.close()

    def _answer(self) -> None:
        if not self._is_allowed():
            self._send(403, "Forbidden: only the API server may ask")
            return
        first = urlsplit(self.path).path.strip("/").split("/")
        if first == ["metrics", "resource"]:
            self._send(200, exposition(self.machine.held_at(self.request.getsockname()[0]), time.time()))
        elif first == ["healthz"]:
            self._send(200, "ok")
        elif first == ["pods"]:
            pods = self.machine.held_at(self.request.getsockname()[0])
            self._send(200, json.dumps({"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": pods}))
        else:
            self._send(501, REFUSED.get(first[0], "hollow nodes do not serve this"))

    do_GET = do_POST = do_PUT = do_DELETE = _answer  # the library's names

    def _is_allowed(self) -> bool:
        subject = [pair for part in (self.request.getpeercert() or {}).get("subject", ()) for pair in part]
        names = {value for key, value in subject if key == "commonName"}
        groups = {value for key, value in subject if key == "organizationName"}
        return bool(names & ALLOWED_NAMES or groups & ALLOWED_GROUPS)

    def _send(self, code: int, text: str) -> None:
        body = text.encode()
        self.send_response(code)
        self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        return None
