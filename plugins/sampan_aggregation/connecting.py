"""A TLS connection to an extension server: how its certificate is checked, and the front proxy's certificate that is
shown to it.

Source: "Configure the Aggregation Layer": caBundle or no verification, the Service's name, the front proxy's
certificate, X-Remote-* headers.
"""

from __future__ import annotations

import base64
import random
import socket
import ssl
import threading
from pathlib import Path
from urllib.parse import quote

from sampan.contracts.access import User
from sampan.contracts.kinds import Object
from sampan_client.http import trusting
from sampan_machinery.endpoints import Target

CONNECT_SECONDS = 5.0
TRIES = 3  # endpoints of one Service tried before giving up
EXTRA_SAFE = "!#$&'*+.^_`|~"  # besides letters, digits and -: what may stand in a header's name (RFC 9110)


class Dialler:
    """Opens connections with the front proxy's certificate. Contexts are kept; new key files are noticed."""

    def __init__(self, pki: Path) -> None:
        self._pki = pki
        self._contexts: dict[tuple[str, bool], tuple[float, ssl.SSLContext]] = {}
        self._lock = threading.Lock()

    def dial(self, spec: Object, target: Target) -> ssl.SSLSocket:
        """To one of the endpoints; raises OSError (ssl.SSLError among them) or ValueError for a caBundle of no use."""
        context = self.context(str(spec.get("caBundle") or ""), bool(spec.get("insecureSkipTLSVerify")))
        addresses = random.sample(target.addresses, min(TRIES, len(target.addresses)))
        failure: OSError | None = None
        for host, port in addresses:
            try:
                return _connect(context, host, port, target.server_name)
            except OSError as error:
                failure = error if failure is None else failure
        raise failure or OSError("no endpoints")

    def context(self, bundle: str, insecure: bool) -> ssl.SSLContext:
        certificate = self._pki / "front-proxy-client.crt"
        stamp = certificate.stat().st_mtime if certificate.exists() else 0.0
        with self._lock:
            known = self._contexts.get((bundle, insecure))
            if known is not None and known[0] == stamp:
                return known[1]
            context = trusting(base64.b64decode(bundle).decode(), insecure=insecure)
            if stamp:
                context.load_cert_chain(certificate, self._pki / "front-proxy-client.key")
            if len(self._contexts) > 256:
                self._contexts.clear()
            self._contexts[bundle, insecure] = (stamp, context)
            return context


def _connect(context: ssl.SSLContext, host: str, port: int, name: str) -> ssl.SSLSocket:
    raw = socket.create_connection((host, port), timeout=CONNECT_SECONDS)
    try:
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
        return context.wrap_socket(raw, server_hostname=name)
    except BaseException:
        raw.close()
        raise


def identity(user: User) -> list[tuple[str, str]]:
    """The headers by which an extension server knows the caller. Source: "Authenticating Proxy". Values are UTF-8 on
    the wire, here as http.client wants them; one that would end its line is left out."""
    headers = [("X-Remote-User", user.name)]
    if user.uid:
        headers.append(("X-Remote-Uid", user.uid))
    headers += [("X-Remote-Group", group) for group in user.groups]
    for key, values in user.extra.items():
        headers += [(f"X-Remote-Extra-{quote(key.lower(), safe=EXTRA_SAFE)}", value) for value in values]
    return [
        (name, value.encode().decode("latin-1")) for name, value in headers if "\n" not in value and "\r" not in value
    ]
