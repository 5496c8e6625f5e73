"""A webhook's server for tests: HTTPS on a loopback address, with an authority of its own.

```python
with WebhookServer(lambda path, review: {"allowed": True}) as server:
    config = server.client_config("/check")
```

It answers an AdmissionReview, ConversionReview, TokenReview … by what the given function returns for it: a dict is the
response (or the status) of the review, bytes are the whole body, an int is an HTTP status with an empty body.
"""

from __future__ import annotations

import base64
import contextlib
import http.server
import json
import ssl
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sampan_pki import issuing

Answer = dict[str, Any] | bytes | int
NAME = "webhook.test"
_FILLED = {"AdmissionReview": "response", "ConversionReview": "response"}


class WebhookServer:
    """Serves from ``with`` to its end. ``requests`` are those that came: path with query, headers, body."""

    def __init__(
        self, answer: Callable[[str, Any], Answer], *, names: tuple[str, ...] = (NAME,), host: str = "127.0.0.1"
    ) -> None:
        """``names``: what its certificate carries beside ``host``, such as ``NAME.NAMESPACE.svc``."""
        self.requests: list[tuple[str, dict[str, str], Any]] = []
        self.connections = 0
        self._answer, self._names, self._host = answer, names, host
        self._closing = contextlib.ExitStack()
        self.port = 0
        self.authority = b""

    def __enter__(self) -> WebhookServer:
        certificate, key = issuing.new_authority("webhook-ca", days=1)
        self.authority = certificate
        leaf = issuing.Leaf("webhook", names=(*self._names, self._host), server=True, client=False)
        server = _Server((self._host, 0), type("Handler", (_Handler,), {"of": self}))
        server.socket = _context(*issuing.Authority(certificate, key).issue(leaf, days=1)).wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
        self.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, name="webhook-server")
        thread.start()
        self._closing.callback(server.server_close)
        self._closing.callback(thread.join)
        self._closing.callback(server.shutdown)
        self._closing.callback(server.end_connections)
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    @property
    def bundle(self) -> str:
        """The authority as ``caBundle``."""
        return base64.b64encode(self.authority).decode()

    def url(self, path: str = "/") -> str:
        return f"https://{self._host}:{self.port}{path}"

    def client_config(self, path: str = "/") -> dict[str, Any]:
        return {"url": self.url(path), "caBundle": self.bundle}

    def answer(self, path: str, headers: dict[str, str], body: Any) -> Answer:
        self.requests.append((path, headers, body))
        return self._answer(path, body)


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # connections that come at once
    block_on_close = False

    def __init__(self, address: tuple[str, int], handler: Any) -> None:
        super().__init__(address, handler)
        self._open: set[Any] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def end_connections(self) -> None:
        """Idle connections hold a thread each, which nothing else would end."""
        for request in list(self._open):
            with contextlib.suppress(OSError):
                request.close()

    def handle_error(self, *_: Any) -> None:
        """A client that does not trust us goes away."""


class _Handler(http.server.BaseHTTPRequestHandler):
    of: WebhookServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else a body that follows its head waits 40 ms for an acknowledgement
    wbufsize = 65536

    def setup(self) -> None:
        self.of.connections += 1
        super().setup()

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.of.answer(self.path, headers, body)
        data = answer if isinstance(answer, bytes) else b"" if isinstance(answer, int) else _filled(body, answer)
        self.send_response(answer if isinstance(answer, int) else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Tests say what they want to know."""


def _filled(review: Any, answer: dict[str, Any]) -> bytes:
    """The review with the answer in it."""
    where = _FILLED.get(review.get("kind"), "status")
    own = {"uid": review["request"]["uid"]} if where == "response" else {}
    return json.dumps(
        {"apiVersion": review.get("apiVersion"), "kind": review.get("kind"), where: {**own, **answer}}
    ).encode()


def _context(certificate: bytes, key: bytes) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory(prefix="sampan-webhook-") as folder:
        for name, content in (("tls.crt", certificate), ("tls.key", key)):
            Path(folder, name).write_bytes(content)
        context.load_cert_chain(Path(folder, "tls.crt"), Path(folder, "tls.key"))
    return context
