"""Which proxies may name a caller, and which of their headers count. Knows nothing of sockets. Two kinds of front
proxy. An authenticating proxy says who the caller is (X-Remote-*; source: "Authenticating Proxy"). A TLS front, such as
nginx, says only which certificate the caller showed (X-Client-Verify and X-Client-Cert, as nginx words them); the
certificate is read, and its issuer checked, here. Headers of other clients are ignored."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping, Sequence
from urllib.parse import unquote

from sampan.contracts.access import Credentials, User
from sampan.errors import Unauthorized
from sampan_auth.certificates import CertificateReader
from sampan_auth.resources import ANONYMOUS_NAME, AUTHENTICATED
from sampan_machinery.headers import first, values

_MOST = 4096
_EXTRA = "x-remote-extra-"
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+-----END CERTIFICATE-----\n?")
_VERIFIED = "SUCCESS"
_NONE_SHOWN = ("", "NONE")


class FrontProxy:
    """Reads these headers only from a front proxy, and from each kind only its own headers."""

    name = "front-proxy"

    def __init__(self, reader: CertificateReader, proxies: Sequence[str], tls_fronts: Sequence[str] = ()) -> None:
        """Common names of their certificates: authenticating proxies' (empty: any) and TLS fronts'."""
        self._reader = reader
        self._proxies = frozenset(proxies)
        self._tls_fronts = frozenset(tls_fronts)
        self._known: dict[str, bytes] = {}  # certificates as sent, decoded

    def authenticate(self, credentials: Credentials) -> User | None:
        if credentials.fronted:
            return self._vouched_for(credentials.headers)
        if credentials.certificate is None:
            return None
        seen = self._reader.read(credentials.certificate)
        if not seen.front_proxy:
            return None
        if seen.name in self._tls_fronts:
            return self._vouched_for(credentials.headers)
        if not self._proxies or seen.name in self._proxies:
            return _named(credentials.headers)
        return None

    def _vouched_for(self, headers: Mapping[str, str]) -> User | None:
        """Whose certificate the front was shown; None for none; raises Unauthorized for one that will not do."""
        verdict = headers.get("x-client-verify", "")
        if verdict in _NONE_SHOWN:
            return None
        if verdict != _VERIFIED:
            raise Unauthorized("the client certificate was not accepted by the server in front")
        return self._reader.read_client(self._decoded(headers.get("x-client-cert", ""))).user

    def _decoded(self, sent: str) -> bytes:
        """DER from percent-encoded PEM."""
        der = self._known.get(sent)
        if der is None:
            pem = unquote(sent, errors="replace")
            if not _PEM.fullmatch(pem):  # the decoder would read past what is not base64, such as a second certificate
                raise Unauthorized("the client certificate cannot be read")
            try:
                der = ssl.PEM_cert_to_DER_cert(pem.strip())
            except ValueError as error:
                raise Unauthorized("the client certificate cannot be read") from error
            if len(self._known) >= _MOST:
                self._known = {}
            self._known[sent] = der
        return der


def _named(headers: Mapping[str, str]) -> User | None:
    name = first(headers, "x-remote-user")
    return User(name, _groups(name, headers), first(headers, "x-remote-uid"), _extra(headers)) if name else None


def _groups(name: str, headers: Mapping[str, str]) -> tuple[str, ...]:
    """One from each line: names of groups may hold commas (LDAP's do)."""
    said = [group for group in values(headers, "x-remote-group") if group]
    if name != ANONYMOUS_NAME and AUTHENTICATED not in said:
        said.append(AUTHENTICATED)
    return tuple(said)


def _extra(headers: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    return {
        unquote(name.removeprefix(_EXTRA)): tuple(values(headers, name)) for name in headers if name.startswith(_EXTRA)
    }
