"""clusters/proxy: a request to a member's API through the host's, as the same user.

Runs in the host's API server, which knows the caller and has asked whether they may. The member is asked by an identity
that may impersonate and do nothing else (``impersonatorSecretRef``); the member decides what the caller may do there.
Source: Karmada's documentation of the aggregated API ("clusters/{name}/proxy").
"""

from __future__ import annotations

import base64
import binascii
import http.client
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

from sampan.contracts.access import User
from sampan.contracts.kinds import Object
from sampan.contracts.serving import AddedSubresource, Answer, Call, Reader, Subresource
from sampan.errors import BadGateway, Forbidden, ServiceUnavailable, Timeout, TooManyRequests
from sampan_client.http import trusting
from sampan_federation.resources import CLUSTERS
from sampan_forwarding.forwarding import CORS, METHODS
from sampan_forwarding.splicing import keep_alive, splice
from sampan_forwarding.streaming import CHUNK, StreamedBody, read_head
from sampan_machinery.addresses import unfit
from sampan_machinery.headers import is_identity, passed_on, without_token
from sampan_machinery.resources import SECRETS

CONNECT_SECONDS, ANSWER_SECONDS = 5.0, 60.0
AT_ONCE = 32  # requests to one member at a time, so that one that hangs does not use up the server's threads
WORDS_BYTES = 2048
OURS = ("host", "content-length", "expect", "x-forwarded-for", "forwarded", "cookie")  # set here, or never passed on
PROTOCOLS = "sec-websocket-protocol"  # a client's token may be among them
#: Groups that the member's API server gives to callers by itself.
IMPLIED = frozenset({"system:authenticated", "system:unauthenticated"})
_NO = ("0", "f", "false")


class Endpoint(NamedTuple):
    """Where a member's API is, and the token that may impersonate there."""

    scheme: str
    host: str
    port: int
    path: str  # before that of each request, without a slash at its end
    authorities: bytes  # PEM
    insecure: bool
    token: str


class ClusterProxy:
    """Serves the subresource. Blocks: to be run on a thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._slots: dict[str, threading.BoundedSemaphore] = {}

    def __call__(self, call: Call) -> Answer | None:
        endpoint = endpoint_of(call.target(), call.cluster)
        with self._lock:
            slots = self._slots.setdefault(call.name, threading.BoundedSemaphore(AT_ONCE))
        if not slots.acquire(blocking=False):
            raise TooManyRequests(f"the cluster {call.name} has too many requests to answer", retry_after=1)
        return pass_on(call, endpoint, slots.release)


def subresource() -> AddedSubresource:
    """As the host's API server is given it; the kind itself comes by a CustomResourceDefinition."""
    proxy = Subresource(
        name="proxy", kind="ClusterProxyOptions", group=CLUSTERS.group, version=CLUSTERS.version, methods=METHODS,
        verbs=(), serve=ClusterProxy(), blocking=True, connects=True, options={"path": "string"},
    )  # fmt: skip
    return AddedSubresource(group=CLUSTERS.group, plural=CLUSTERS.plural, subresource=proxy)


def endpoint_of(cluster: Object, reader: Reader) -> Endpoint:
    """Raises ServiceUnavailable or Forbidden with what is missing."""
    name, spec = cluster["metadata"]["name"], cluster.get("spec") or {}
    if spec.get("syncMode") == "Pull":
        raise ServiceUnavailable(f"the cluster {name} is in pull mode: the host cannot reach it")
    reference = spec.get("impersonatorSecretRef") or {}
    if not reference.get("name"):
        raise Forbidden(f"the cluster {name} has no impersonatorSecretRef; `sampan federation join {name} …` makes one")
    secret = reader.get(SECRETS, str(reference["name"]), str(reference.get("namespace") or ""))
    try:
        data = {key: base64.b64decode(value) for key, value in ((secret or {}).get("data") or {}).items()}
        url = urlsplit(str(spec.get("apiEndpoint") or ""))
        port = url.port or (443 if url.scheme == "https" else 80)
    except (binascii.Error, ValueError) as error:
        raise ServiceUnavailable(f"the cluster {name} cannot be reached: {error}") from error
    token = data.get("token", b"").decode(errors="replace").strip()
    if not token or url.scheme not in ("http", "https") or not url.hostname or any(unfit(url.hostname)):
        what = "the Secret of its impersonator has no token" if not token else "its apiEndpoint is unusable"
        raise ServiceUnavailable(f"the cluster {name} cannot be reached: {what}")
    insecure = bool(spec.get("insecureSkipTLSVerification"))
    path = url.path.rstrip("/")
    return Endpoint(url.scheme, url.hostname, port, path, data.get("caBundle", b""), insecure, token)


def pass_on(call: Call, endpoint: Endpoint, done: Callable[[], None]) -> Answer | None:
    """The member's answer, None once an upgraded connection has ended; ``done`` is called after the last byte. Raises
    ServiceUnavailable where the member does not answer, Timeout where it takes too long."""
    lent, sock = False, None
    try:
        sock = _connected(endpoint)
        if "upgrade" in call.headers:
            _upgraded(call, endpoint, sock)
            return None
        answer = _asked(call, endpoint, sock, done)
        lent = True
        return answer
    except TimeoutError as error:
        raise Timeout(f"the cluster {call.name} did not answer in time") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise ServiceUnavailable(f"the cluster {call.name} cannot be reached: {error}", retry_after=1) from error
    finally:
        if not lent:
            if sock is not None:
                sock.close()
            done()


def impersonation(user: User) -> list[tuple[str, str]]:
    """The headers by which the member knows the caller. Source: "User impersonation". Extra fields are left out: each
    would need a right of its own."""
    headers = [("Impersonate-User", user.name)]
    headers += [("Impersonate-Group", group) for group in user.groups if group not in IMPLIED]
    if any("\n" in value or "\r" in value for _, value in headers):
        raise Forbidden("the name of the user or of a group cannot stand in a header")
    return [(name, value.encode().decode("latin-1")) for name, value in headers]


def headers_for(call: Call, endpoint: Endpoint) -> list[tuple[str, str]]:
    """The caller's own headers, less those that speak of this connection or of who the caller is; then who they are."""
    passed = [
        (name, (without_token(value) if name == PROTOCOLS else value).encode().decode("latin-1"))
        for name, value in passed_on(call.headers.items(), call.headers.get("connection", ""))
        if name not in OURS and not is_identity(name)
    ]
    host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
    own = [("Host", f"{host}:{endpoint.port}"), ("Authorization", f"Bearer {endpoint.token}")]
    return [*own, *passed, *impersonation(call.user)]


def target_of(call: Call, endpoint: Endpoint) -> str:
    """Path and query on the member; WSGI hands the path over with its escapes resolved."""
    path = endpoint.path + quote("/" + call.rest.lstrip("/"), safe="/:@!$&'()*+,;=-._~")
    query = urlencode([(key, value) for key, values in call.query.items() for value in values])
    return f"{path}?{query}" if query else path


def is_lasting(call: Call) -> bool:
    """Whether the answer goes on for as long as the caller wants (watch, log follow)."""
    asked = (call.query.get(name) or ["false"] for name in ("watch", "follow"))
    return any(values[0].lower() not in _NO for values in asked)


def _connected(endpoint: Endpoint) -> socket.socket:
    raw = socket.create_connection((endpoint.host, endpoint.port), timeout=CONNECT_SECONDS)
    keep_alive(raw)
    if endpoint.scheme != "https":
        return raw
    try:
        context = _context(endpoint.authorities, endpoint.insecure)
        return context.wrap_socket(raw, server_hostname=endpoint.host)
    except BaseException:
        raw.close()
        raise


@lru_cache(maxsize=128)
def _context(authorities: bytes, insecure: bool) -> ssl.SSLContext:
    return trusting(authorities.decode(), insecure=insecure)


def _asked(call: Call, endpoint: Endpoint, sock: socket.socket, done: Callable[[], None]) -> Answer:
    until = None if is_lasting(call) else time.monotonic() + ANSWER_SECONDS
    sock.settimeout(ANSWER_SECONDS)
    connection = http.client.HTTPConnection(endpoint.host)
    connection.sock = sock
    body = call.raw_body()
    connection.putrequest(call.method, target_of(call, endpoint), skip_host=True, skip_accept_encoding=True)
    for name, value in headers_for(call, endpoint):
        connection.putheader(name, value)
    if body or call.method in ("POST", "PUT", "PATCH"):
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body or None)
    response = connection.getresponse()
    if 300 <= response.status <= 399 and response.getheader("Location"):
        raise BadGateway(f"the cluster {call.name} redirects this request, which is not passed on")
    if response.status == 401:  # the host's identity is refused: to the caller it would seem that theirs is
        raise BadGateway(f"the cluster {call.name} refuses the token of its impersonator")
    kept = [
        (name, value)
        for name, value in passed_on(response.getheaders(), response.getheader("Connection") or "")
        if name.lower() not in CORS and name.lower() not in ("content-type", "content-length", "date", "set-cookie")
    ]
    kind = response.getheader("Content-Type") or "application/octet-stream"
    return Answer(response.status, StreamedBody(sock, response, until, done, who="the member"), kind, kept)


def _upgraded(call: Call, endpoint: Endpoint, sock: socket.socket) -> None:
    """exec, attach, port-forward: ask for the same upgrade, then pass bytes both ways until either side ends."""
    upgrade = [("Connection", "Upgrade"), ("Upgrade", call.headers["upgrade"])]
    lines = [f"{call.method} {target_of(call, endpoint)} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in (*headers_for(call, endpoint), *upgrade)]
    sock.settimeout(ANSWER_SECONDS)
    sock.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace"))
    head = read_head(sock, "the member")
    status = head.split(b" ", 2)[1]
    if status != b"101":
        raise _refused(call, status, head, sock)
    client: Any = call.takeover(head)
    try:
        splice(client, sock)
    finally:
        client.close()


def _refused(call: Call, status: bytes, answer: bytes, sock: socket.socket) -> Exception:
    """What the member says instead of an upgrade: 403 where the caller may not."""
    head, _, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: *(\d{1,9})", head)
    wanted = min(int(length[1]), WORDS_BYTES) if length else 0
    while len(body) < wanted and (data := sock.recv(CHUNK)):
        body += data
    text = body[:WORDS_BYTES].decode(errors="replace")
    if status == b"403":
        return Forbidden(f"the cluster {call.name} refuses: {text}")
    return BadGateway(f"the cluster {call.name} answers {status.decode(errors='replace')} to an upgrade: {text}")
