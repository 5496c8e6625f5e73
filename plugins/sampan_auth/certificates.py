"""Client certificates: the caller's name and groups, and who may speak for others. The TLS layer has verified them.

Source: "X509 client certificates" (CN is the user, each O a group), "Authenticating Proxy" (X-Remote-*).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from sampan.contracts.access import Credentials, User
from sampan.errors import Unauthorized
from sampan_auth.resources import ANONYMOUS_NAME, AUTHENTICATED

_MOST = 4096
_EXTRA = "x-remote-extra-"


class Seen(NamedTuple):
    """What a certificate says."""

    user: User | None  # None: it names nobody
    name: str
    begins: float
    ends: float
    front_proxy: bool  # issued by the front proxy's authority


class CertificateReader:
    """Reads certificates, each once."""

    def __init__(self, front_proxy_ca: Path | None = None, *, clock: Callable[[], float] = time.time) -> None:
        self._authority = front_proxy_ca
        self._clock = clock
        self._known: dict[bytes, Seen] = {}

    def read(self, der: bytes) -> Seen:
        """What it says; raises Unauthorized for one outside its time or that cannot be read."""
        seen = self._known.get(der)
        if seen is None:
            seen = self._parse(der)
            if len(self._known) >= _MOST:
                self._known = {}
            self._known[der] = seen
        if not seen.begins <= self._clock() <= seen.ends:
            raise Unauthorized("the client certificate has expired or is not yet valid")
        return seen

    def _parse(self, der: bytes) -> Seen:
        from cryptography import x509  # 40 ms at the first certificate instead of at the start
        from cryptography.x509.oid import NameOID

        try:
            certificate = x509.load_der_x509_certificate(der)
            names = [str(entry.value) for entry in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
            groups = [
                str(entry.value) for entry in certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
            ]
            begins = certificate.not_valid_before_utc.timestamp()
            ends = certificate.not_valid_after_utc.timestamp()
        except ValueError as error:
            raise Unauthorized("the client certificate cannot be read") from error
        name = names[0] if names else ""
        user = User(name, (*groups, AUTHENTICATED)) if name else None
        return Seen(user, name, begins, ends, self._is_front_proxy(certificate))

    def _is_front_proxy(self, certificate: object) -> bool:
        from cryptography import x509
        from cryptography.exceptions import InvalidSignature

        if self._authority is None or not self._authority.exists() or not isinstance(certificate, x509.Certificate):
            return False
        authority = x509.load_pem_x509_certificate(self._authority.read_bytes())
        try:
            certificate.verify_directly_issued_by(authority)
        except (ValueError, TypeError, InvalidSignature):
            return False
        return True


class Certificates:
    """Knows callers by their own certificate; a front proxy's says nothing about the caller."""

    name = "certificate"

    def __init__(self, reader: CertificateReader) -> None:
        self._reader = reader

    def authenticate(self, credentials: Credentials) -> User | None:
        if credentials.certificate is None or credentials.fronted:
            return None
        seen = self._reader.read(credentials.certificate)
        return None if seen.front_proxy else seen.user


class FrontProxy:
    """Believes X-Remote-* headers, but only from a front proxy."""

    name = "front-proxy"

    def __init__(self, reader: CertificateReader, allowed: Sequence[str]) -> None:
        """``allowed``: common names a front proxy's certificate may have; empty: any."""
        self._reader = reader
        self._allowed = frozenset(allowed)

    def authenticate(self, credentials: Credentials) -> User | None:
        headers = credentials.headers
        if "x-remote-user" not in headers or not self._is_trusted(credentials):
            return None
        name = headers["x-remote-user"].strip()
        return User(name, _groups(name, headers), headers.get("x-remote-uid", ""), _extra(headers)) if name else None

    def _is_trusted(self, credentials: Credentials) -> bool:
        if credentials.fronted:
            return True
        if credentials.certificate is None:
            return False
        seen = self._reader.read(credentials.certificate)
        return seen.front_proxy and (not self._allowed or seen.name in self._allowed)


def _groups(name: str, headers: Mapping[str, str]) -> tuple[str, ...]:
    said = [group.strip() for group in headers.get("x-remote-group", "").split(",") if group.strip()]
    if name != ANONYMOUS_NAME and AUTHENTICATED not in said:
        said.append(AUTHENTICATED)
    return tuple(said)


def _extra(headers: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    return {
        unquote(name.removeprefix(_EXTRA)): tuple(part.strip() for part in value.split(","))
        for name, value in headers.items()
        if name.startswith(_EXTRA)
    }
