"""Client certificates: what each says. The TLS layer has verified those that come with a connection.

Source: "X509 client certificates" (CN is the user, each O a group) and KEP-4193 (the extra that names the certificate).
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from sampan.contracts.access import Credentials, User
from sampan.errors import ConfigError, Unauthorized
from sampan_auth.resources import AUTHENTICATED

_MOST = 4096
_CREDENTIAL = "authentication.kubernetes.io/credential-id"


class CertificateFacts(NamedTuple):
    """What a certificate says."""

    user: User | None  # None: it names no user
    name: str
    begins: float
    ends: float
    front_proxy: bool  # issued by the front proxy's authority
    client: bool  # issued by an authority of clients, for clients


class CertificateReader:
    """Reads certificates, each once; the authorities' files are read with each."""

    def __init__(
        self,
        front_proxy_ca: Path | None = None,
        client_ca: Path | None = None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._front_proxy_ca = front_proxy_ca
        self._client_ca = client_ca
        self._clock = clock
        self._known: dict[bytes, CertificateFacts] = {}

    def read(self, der: bytes) -> CertificateFacts:
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

    def read_client(self, der: bytes) -> CertificateFacts:
        """The same for a certificate that a TLS front has verified: its issuer is checked too."""
        seen = self.read(der)
        if not seen.client:
            raise Unauthorized("the client certificate is not from an authority of this cluster's clients")
        return seen

    def _parse(self, der: bytes) -> CertificateFacts:
        from cryptography import x509  # 40 ms at the first certificate instead of at the start
        from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

        try:
            certificate = x509.load_der_x509_certificate(der)
            names = [str(entry.value) for entry in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
            groups = [
                str(entry.value) for entry in certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
            ]
            begins = certificate.not_valid_before_utc.timestamp()
            ends = certificate.not_valid_after_utc.timestamp()
            usages = [
                usage for e in certificate.extensions if isinstance(e.value, x509.ExtendedKeyUsage) for usage in e.value
            ]
        except ValueError as error:
            raise Unauthorized("the client certificate cannot be read") from error
        name = names[0] if names else ""
        extra = {_CREDENTIAL: (f"X509SHA256={hashlib.sha256(der).hexdigest()}",)}
        user = User(name, (*groups, AUTHENTICATED), extra=extra) if name else None
        for_clients = not usages or ExtendedKeyUsageOID.CLIENT_AUTH in usages
        return CertificateFacts(
            user, name, begins, ends, _is_issued(certificate, self._front_proxy_ca),
            for_clients and _is_issued(certificate, self._client_ca),
        )  # fmt: skip


def require_authorities(path: Path) -> None:
    """Raises ConfigError where the operator's file of authorities cannot be used: no client could authenticate with
    it."""
    from cryptography import x509

    try:
        x509.load_pem_x509_certificates(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"plugins.auth.client_ca: {path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(
            f"plugins.auth.client_ca: {path} holds no certificates in PEM; correct it, or take the setting out"
        ) from error


def _is_issued(certificate: object, authorities: Path | None) -> bool:
    """Directly, by one of those in the file."""
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature

    if authorities is None or not authorities.exists() or not isinstance(certificate, x509.Certificate):
        return False
    for authority in x509.load_pem_x509_certificates(authorities.read_bytes()):
        try:
            certificate.verify_directly_issued_by(authority)
        except (ValueError, TypeError, InvalidSignature):
            continue
        return True
    return False


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
