"""Asks another server for the upgrade that the client wants (WebSocket, SPDY), then copies bytes both ways.

Knows HTTP; must not know who the other server is. Source: RFC 9110 §7.8, and the connect verbs of the API reference.
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterable

from sampan.contracts.serving import Call, Upgrade
from sampan.errors import BadGateway
from sampan_forwarding.splicing import keep_alive, splice
from sampan_forwarding.streaming import CHUNK, read_head

#: A client would follow a redirect with its credentials (CVE-2022-3172).
REDIRECTED = "the backend attempted to redirect this request, which is not permitted"


def upgraded(
    call: Call, sock: socket.socket, target: str, headers: Iterable[tuple[str, str]], *, who: str, seconds: float
) -> None:
    """Returns when either side has ended; closes the client's side. ``headers`` without those of the upgrade; ``who``
    answers, as errors say; ``seconds`` is the limit for the head of the answer.

    Raises BadGateway for an answer that is neither the upgrade nor a refusal, and OSError.
    """
    lines = [f"{call.method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
    lines += ["Connection: Upgrade", f"Upgrade: {call.headers['upgrade']}"]
    sock.settimeout(seconds)
    sock.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace"))
    head = read_head(sock, who)
    status = head.split(b" ", 2)[1]
    if status != b"101" and status < b"400":
        words = REDIRECTED if status[:1] == b"3" else f"invalid upgrade response: status code {status.decode()}"
        raise BadGateway(words)
    client = call.takeover(head)
    try:
        keep_alive(sock)
        if status == b"101":
            splice(client, sock)
        else:
            _rest(client, sock, seconds)
    finally:
        client.close()


def _rest(client: Upgrade, sock: socket.socket, seconds: float) -> None:
    """What follows a refusal: the client gets it and the connection is over."""
    until = time.monotonic() + seconds
    sock.settimeout(1.0)  # an answer that is not chunked ends where the server sends nothing more
    with contextlib.suppress(OSError):
        while time.monotonic() < until and (data := sock.recv(CHUNK)):
            client.sendall(data)
