"""A real HTTP port for a cluster in this process, and the kubeconfig for it: kubectl, kopf and client libraries work.

Plain HTTP on loopback. The kubeconfig's token is made by chance for each cluster and means the administrator; any other
credentials are checked as usual (tokens of ServiceAccounts, say). One thread for each connection.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from sampan.contracts.access import User
from sampan_client.inprocess import Application, environ_of

LARGEST = 8 << 20  # bytes of a request's body
PATIENCE = 600  # seconds that a connection may be idle


class ApiPort:
    """Serves the application until ``close``."""

    def __init__(self, app: Application, admin: User) -> None:
        self.token = secrets.token_urlsafe(24)
        self._stopping = threading.Event()

        class Bound(_Handler):
            pass

        Bound.app, Bound.admin, Bound.token, Bound.stopping = staticmethod(app), admin, self.token, self._stopping
        self._http = _Http(("127.0.0.1", 0), Bound)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        threading.Thread(target=self._http.serve_forever, args=(0.05,), name="cluster port", daemon=True).start()

    def kubeconfig(self, namespace: str = "default") -> str:
        """The file's text, with this namespace as the context's."""
        return f"""apiVersion: v1
kind: Config
clusters:
- name: sampan
  cluster: {{server: "{self.url}"}}
users:
- name: admin
  user: {{token: "{self.token}"}}
contexts:
- name: sampan
  context: {{cluster: sampan, user: admin, namespace: "{namespace}"}}
current-context: sampan
"""

    def close(self) -> None:
        self._stopping.set()
        self._http.shutdown()
        self._http.server_close()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        return None  # a client went away


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = PATIENCE
    disable_nagle_algorithm = True
    app: Application
    admin: User
    token: str
    stopping: threading.Event

    def _serve(self) -> None:
        body = self.rfile.read(min(LARGEST, int(self.headers.get("Content-Length") or 0)))
        headers = {name: value for name, value in self.headers.items() if name.lower() != "content-length"}
        environ = environ_of(self.command, self.path, headers, body, self.admin)
        if not secrets.compare_digest(self.headers.get("Authorization") or "", f"Bearer {self.token}"):
            del environ["sampan.user"]
        environ["sampan.stopping"] = self.stopping
        parts = self.app(environ, self._start)
        try:
            self._send(parts)
        finally:
            if (close := getattr(parts, "close", None)) is not None:
                close()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _serve  # the library's names

    def _start(self, status: str, headers: list[tuple[str, str]], exc_info: object = None) -> Callable[[bytes], None]:
        self._status, self._headers = status, headers
        return lambda data: None

    def _send(self, parts: Iterable[bytes]) -> None:
        code, _, words = self._status.partition(" ")
        whole = isinstance(parts, list | tuple)
        sized = whole or any(name.lower() == "content-length" for name, _ in self._headers)
        self.send_response(int(code), words)
        for name, value in self._headers:
            if not (whole and name.lower() == "content-length"):
                self.send_header(name, value)
        if whole:
            parts = [b"".join(parts)]
            self.send_header("Content-Length", str(len(parts[0])))
        elif not sized:
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if self.command == "HEAD":
            return
        for part in parts:
            if part:
                self.wfile.write(part if sized else b"%x\r\n%b\r\n" % (len(part), part))
        if not sized:
            self.wfile.write(b"0\r\n\r\n")

    def log_message(self, format: str, *args: Any) -> None:
        return None
