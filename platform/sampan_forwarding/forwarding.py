"""Forwards a request of the API to an HTTP server in the cluster (the proxy subresources): the backend.

Knows addresses and HTTP; must not know which object the address comes from. Source: the connect verbs of the API
reference.
"""

from __future__ import annotations

import http.client
import re
import ssl
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from sampan.contracts.serving import Answer, Call
from sampan.errors import BadRequest, ServiceUnavailable
from sampan_forwarding.upgrading import upgraded
from sampan_machinery.addresses import unfit
from sampan_machinery.headers import is_identity, passed_on

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
OURS = ("host", "content-length", "accept-encoding", "expect")  # request headers that are set here
#: Response headers that are removed, as upstream: they would let web pages of another origin read the cluster's
#: answers.
CORS = frozenset(f"access-control-allow-{what}" for what in ("credentials", "headers", "methods", "origin"))
SECONDS = 30.0
CHUNK = 65536
LARGEST_PAGE = 1 << 22  # bytes of HTML in which links are rewritten; larger pages are not changed
_LINK = re.compile(rb"""(\s(?:href|src|action)\s*=\s*)(["'])(/(?!/)[^"']*)\2""", re.IGNORECASE)


def split_target(text: str) -> tuple[str, str, str]:
    """(scheme, name, port) of ``[scheme:]name[:port]``; raises BadRequest."""
    parts = text.split(":")
    if len(parts) == 1:
        return "http", parts[0], ""
    if len(parts) == 2:
        return "http", parts[0], parts[1]
    if len(parts) == 3 and parts[0] in ("http", "https", ""):
        return parts[0] or "http", parts[1], parts[2]
    raise BadRequest(f"invalid proxy target {text!r}: it has the form [scheme:]name[:port]")


def redirect(call: Call) -> Answer | None:
    """301 to the same path with a slash, so that relative links work; None if the path needs no slash."""
    if call.rest or call.path.endswith("/") or call.method not in ("GET", "HEAD"):
        return None
    query = _query(call)
    return Answer(301, b"", "text/plain", [("Location", f"{_quoted(call.path)}/{query}")])


def forward(call: Call, scheme: str, host: str, port: int, *, tls: ssl.SSLContext | None = None) -> Answer | None:
    """Forward the request and return the answer as a stream; None once an upgraded connection (WebSocket, SPDY) has
    ended. As upstream, the backend's certificate is verified only if ``tls`` is given.

    Raises ServiceUnavailable if the backend does not answer, BadRequest for an address that is not allowed.
    """
    if any(unfit(host)):
        raise BadRequest("address not allowed")  # link-local and the like: a status may name any address
    connection = _connection(scheme, host, port, tls)
    asked = passed_on(call.headers.items(), call.headers.get("connection", ""))
    headers = {key: value for key, value in asked if key not in OURS and not is_identity(key)}
    target = _quoted("/" + call.rest.lstrip("/")) + _query(call)
    if call.headers.get("upgrade"):
        _upgraded(call, connection, target, headers)
        return None
    headers["accept-encoding"] = "identity"  # links in pages are rewritten
    try:
        connection.request(call.method, target, body=call.raw_body() or None, headers=_wire(headers))
        response = connection.getresponse()
    except (OSError, http.client.HTTPException) as error:
        connection.close()
        raise ServiceUnavailable(f"error trying to reach {host}:{port}: {error}") from error
    prefix = _prefix(call)
    kind = response.getheader("Content-Type") or "application/octet-stream"
    kept = [
        (key, _moved(value, prefix, host, port) if key.lower() == "location" else value)
        for key, value in passed_on(response.getheaders(), response.getheader("Connection") or "")
        if key.lower() not in CORS and key.lower() not in ("content-type", "content-length")
    ]
    body: Any = body_of(connection, response)
    if kind.lower().startswith("text/html") and not response.getheader("Content-Encoding"):
        body = _rewritten(body, prefix)
    return Answer(response.status, body, kind, kept)


def _upgraded(call: Call, connection: http.client.HTTPConnection, target: str, headers: Mapping[str, str]) -> None:
    where = f"{connection.host}:{connection.port}"
    told = [("Host", where), *((key, value.decode("latin-1")) for key, value in _wire(headers).items())]
    try:
        connection.connect()
        upgraded(call, connection.sock, target, told, who=where, seconds=SECONDS)
    except OSError as error:
        raise ServiceUnavailable(f"error trying to reach {where}: {error}") from error
    finally:
        connection.close()


def _connection(scheme: str, host: str, port: int, tls: ssl.SSLContext | None) -> http.client.HTTPConnection:
    if scheme != "https":
        return http.client.HTTPConnection(host, port, timeout=SECONDS)
    context = tls or ssl.create_default_context()
    if tls is None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(host, port, timeout=SECONDS, context=context)


def _wire(headers: Mapping[str, str]) -> dict[str, bytes]:
    """The headers as bytes: http.client refuses text that is not Latin-1."""
    return {key: value.encode() for key, value in headers.items()}


def _quoted(path: str) -> str:
    """The path percent-encoded again; WSGI passes it decoded."""
    return quote(path, safe="/:@!$&'()*+,;=-._~")


def _query(call: Call) -> str:
    text = urlencode([(key, value) for key, values in call.query.items() for value in values])
    return f"?{text}" if text else ""


def _prefix(call: Call) -> str:
    """The path under which clients reach the backend, without a slash at the end."""
    path = call.path[: len(call.path) - len(call.rest)] if call.rest else call.path
    return _quoted(path.rstrip("/"))


def _moved(location: str, prefix: str, host: str, port: int) -> str:
    """The backend's redirect, rewritten so that the client can follow it."""
    parts = urlsplit(location)
    if parts.netloc and parts.netloc not in (host, f"{host}:{port}"):
        return location
    if not parts.path.startswith("/"):
        return location
    return f"{prefix}{parts.path}" + (f"?{parts.query}" if parts.query else "")


def _rewritten(body: Iterator[bytes], prefix: str) -> Iterator[bytes]:
    """Rewrite links that start at the backend's root so that they lead through the proxy."""
    start = b""
    for chunk in body:
        start += chunk
        if len(start) > LARGEST_PAGE:
            yield start
            yield from body
            return
    lead = prefix.encode()

    def moved(match: re.Match[bytes]) -> bytes:
        link = match[3] if match[3].startswith(lead + b"/") else lead + match[3]
        return match[1] + match[2] + link + match[2]

    yield _LINK.sub(moved, start)


def body_of(connection: http.client.HTTPConnection, response: http.client.HTTPResponse) -> Iterator[bytes]:
    """The body as it comes, in pieces; closes both at its end or when the reader leaves."""
    try:
        while chunk := response.read1(CHUNK):
            yield chunk
    finally:
        response.close()
        connection.close()
