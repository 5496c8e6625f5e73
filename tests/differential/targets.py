"""What is asked: a server behind a URL, or an application in this process."""

from __future__ import annotations

import http.client
import io
import re
import ssl
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

_PATIENCE = 30.0
_WARNING = re.compile(r', (?=299 - ")')


@dataclass(frozen=True)
class Answer:
    status: int
    content_type: str
    warnings: tuple[str, ...]
    body: bytes


class Target(Protocol):
    def ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Answer: ...


class Remote:
    """Certificates are not checked: both servers are the caller's own."""

    def __init__(self, url: str, token: str) -> None:
        self._url = urlsplit(url)
        self._token = token
        self._connection: http.client.HTTPConnection | None = None

    def ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        sent = {"Authorization": f"Bearer {self._token}", "User-Agent": "differential/1", **headers}
        try:
            return self._once(method, path, sent, body)
        except (http.client.HTTPException, ConnectionError):  # an idle connection that the server has ended
            self._connection = None
        try:
            return self._once(method, path, sent, body)
        except (http.client.HTTPException, ConnectionError):  # its handler panics
            self._connection = None
            return Answer(0, "", (), b"")

    def _once(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        connection = self._connection = self._connection or self._connect()
        connection.request(method, path, body, dict(headers))
        response = connection.getresponse()
        data = response.read()
        lines = response.headers.get_all("Warning") or ()
        warnings = tuple(each for line in lines for each in _WARNING.split(line))  # one line or several mean the same
        return Answer(response.status, response.headers.get("Content-Type") or "", warnings, data)

    def _connect(self) -> http.client.HTTPConnection:
        host, port = self._url.hostname or "", self._url.port
        if self._url.scheme == "http":
            return http.client.HTTPConnection(host, port, timeout=_PATIENCE)
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return http.client.HTTPSConnection(host, port, timeout=_PATIENCE, context=context)


class InProcess:
    """A WSGI application that takes ``user`` (an object of its own) for the caller."""

    def __init__(self, app: Callable[..., Iterable[bytes]], user: Any) -> None:
        self._app = app
        self._user = user

    def ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        seen: list[Any] = []

        def start(status: str, found: list[tuple[str, str]], error: Any = None) -> Callable[[bytes], None]:
            seen[:] = [int(status[:3]), found]
            return lambda data: None

        parts = self._app(self._environ(method, path, headers, body or b""), start)
        try:
            data = b"".join(parts)
        finally:
            getattr(parts, "close", lambda: None)()
        kept = [(name.lower(), value) for name, value in seen[1]]
        content_type = dict(kept).get("content-type", "")
        return Answer(seen[0], content_type, tuple(value for name, value in kept if name == "warning"), data)

    def _environ(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
        bare, _, query = path.partition("?")
        environ = {
            "REQUEST_METHOD": method, "PATH_INFO": unquote(bare, "latin-1"), "QUERY_STRING": query, "RAW_URI": path,
            "SERVER_NAME": "in-process", "SERVER_PORT": "443", "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.url_scheme": "https",
            "wsgi.input": io.BytesIO(body), "wsgi.errors": io.StringIO(), "wsgi.version": (1, 0),
            "wsgi.multithread": True, "wsgi.multiprocess": False, "wsgi.run_once": False,
            "CONTENT_LENGTH": str(len(body)), "sampan.user": self._user, "HTTP_USER_AGENT": "differential/1",
        }  # fmt: skip
        for name, value in headers.items():
            key = name.upper().replace("-", "_")
            environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
        return environ
