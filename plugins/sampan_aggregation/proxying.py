"""Passes one request on to an extension server and its answer back: whole, streamed or upgraded. Knows HTTP, nothing of
APIServices. Every wait has a timeout, except for the next event of a watch."""

from __future__ import annotations

import http.client
import ssl
import time
from collections.abc import Callable
from urllib.parse import quote, urlencode

from sampan.contracts.serving import Answer, Call
from sampan.errors import BadGateway, ServiceUnavailable, Timeout
from sampan_aggregation.connecting import identity
from sampan_forwarding.streaming import StreamedBody
from sampan_forwarding.upgrading import REDIRECTED, upgraded
from sampan_machinery.headers import is_identity, passed_on

ANSWER_SECONDS = 60.0  # for a whole answer, as upstream's request timeout
WHOLE = 4 << 20  # bytes up to which an answer of known length is read before it is passed on
OURS = ("host", "content-length", "expect", "x-forwarded-for", "forwarded")  # set here, never passed on


def hand_on(call: Call, dial: Callable[[], ssl.SSLSocket], host: str, done: Callable[[], None]) -> Answer | None:
    """The extension server's answer, None once an upgraded connection has ended; ``done`` is called after the last
    byte. Raises ServiceUnavailable where the server does not answer, Timeout where it takes too long."""
    lent = False
    try:
        sock = _dialled(dial)
        try:
            if "upgrade" in call.headers:
                headers = headers_for(call, host)
                upgraded(call, sock, target_of(call), headers, who="the extension server", seconds=ANSWER_SECONDS)
                return None
            answer, lent = _asked(call, sock, host, done)
            return answer
        finally:
            if not lent:
                sock.close()
    except TimeoutError as error:
        raise Timeout("the extension server did not answer in time") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise ServiceUnavailable(f"error trying to reach service: {error}", retry_after=1) from error
    finally:
        if not lent:
            done()


def _dialled(dial: Callable[[], ssl.SSLSocket]) -> ssl.SSLSocket:
    try:
        return dial()
    except TimeoutError as error:
        raise ConnectionError("the server does not answer in time") from error


def _asked(call: Call, sock: ssl.SSLSocket, host: str, done: Callable[[], None]) -> tuple[Answer, bool]:
    """The answer, and whether it still needs the connection."""
    lasting = is_lasting(call)
    until = time.monotonic() + ANSWER_SECONDS
    sock.settimeout(ANSWER_SECONDS)
    connection = http.client.HTTPConnection(host)
    connection.sock = sock
    body = call.raw_body()
    connection.putrequest(call.method, target_of(call), skip_host=True, skip_accept_encoding=True)
    headers = headers_for(call, host)
    if body or call.method in ("POST", "PUT", "PATCH"):
        headers.append(("Content-Length", str(len(body))))
    for name, value in headers:
        connection.putheader(name, value.encode("latin-1", "replace"))
    connection.endheaders(body or None)
    response = connection.getresponse()
    if 300 <= response.status <= 399 and response.getheader("Location"):
        raise BadGateway(REDIRECTED)  # a client would follow it with its credentials (CVE-2022-3172)
    passed = passed_on(response.getheaders(), response.getheader("Connection") or "")
    kept = [(name, value) for name, value in passed if name.lower() not in ("content-type", "content-length", "date")]
    kind = response.getheader("Content-Type") or "application/octet-stream"
    stream = StreamedBody(sock, response, None if lasting else until, done, who="the extension server")
    if not lasting and response.length is not None and response.length <= WHOLE:
        data = b"".join(stream)  # closes it
        return Answer(response.status, data, kind, kept), True
    return Answer(response.status, stream, kind, kept), True


def is_lasting(call: Call) -> bool:
    """Whether the answer goes on for as long as the client wants (watch, log follow)."""
    asked = {name for name in ("watch", "follow") if (call.query.get(name) or ["false"])[0].lower() not in _NO}
    return bool(asked) or "/watch/" in call.path


_NO = ("0", "f", "false")


def target_of(call: Call) -> str:
    """Path and query as they go on the wire; WSGI hands the path over with its escapes resolved."""
    path = quote(call.path, safe="/:@!$&'()*+,;=-._~")
    query = urlencode([(key, value) for key, values in call.query.items() for value in values])
    return f"{path}?{query}" if query else path


def headers_for(call: Call, host: str) -> list[tuple[str, str]]:
    """What the extension server is told: the client's own headers, less those that speak of this connection or of who
    the caller is, and who the caller is."""
    passed = [
        (name, value.encode().decode("latin-1"))  # UTF-8 on the wire, as it came
        for name, value in passed_on(call.headers.items(), call.headers.get("connection", ""))
        if name not in OURS and not is_identity(name)
    ]
    return [("Host", host), *passed, *identity(call.user)]
