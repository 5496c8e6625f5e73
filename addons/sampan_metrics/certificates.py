"""The add-on's own serving certificate, signed by an authority that is made for it alone and whose key is not kept.
Kept in the add-on's home, and issued again when a third of its time is left or it lacks a name."""

from __future__ import annotations

import ipaddress
import logging
import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

log = logging.getLogger(__name__)

DAYS = 365
RENEW_BEFORE = DAYS * 86400 / 3
BACKDATED = timedelta(minutes=5)  # clocks differ


class ServingCertificate(NamedTuple):
    """Paths of the certificate and its key, and the authority in PEM."""

    certificate: Path
    key: Path
    authority: bytes


def ensure(home: Path, names: Sequence[str]) -> tuple[ServingCertificate, bool]:
    """What is to be served with, and whether it is new."""
    found = ServingCertificate(home / "serving.crt", home / "serving.key", b"")
    authority = home / "serving-ca.crt"
    if authority.exists() and _is_good(found, names):
        return found._replace(authority=authority.read_bytes()), False
    made, certificate, key = _issue(names)
    _write(found.key, key)
    _write(authority, made)
    _write(found.certificate, certificate)
    log.info("metrics: made a serving certificate for %s", ", ".join(names))
    return found._replace(authority=made), True


def _is_good(found: ServingCertificate, names: Sequence[str]) -> bool:
    try:
        certificate = x509.load_pem_x509_certificate(found.certificate.read_bytes())
        key = serialization.load_pem_private_key(found.key.read_bytes(), password=None)
        alternatives = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, x509.ExtensionNotFound):
        return False
    said = {str(name.value) for name in alternatives}
    lasting = certificate.not_valid_after_utc.timestamp() - time.time() > RENEW_BEFORE
    return lasting and said >= set(names) and key.public_key() == certificate.public_key()


def _issue(names: Sequence[str]) -> tuple[bytes, bytes, bytes]:
    """(authority, certificate, key) in PEM."""
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    # The time in the name tells this authority from its predecessor.
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"sampan-metrics-ca@{time.time():.0f}")])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sampan-metrics")])
    identifier = x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key())
    authority = (
        _builder(issuer, issuer, authority_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .add_extension(identifier, critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    certificate = (
        _builder(subject, issuer, key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([_name(name) for name in names]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return authority.public_bytes(pem), certificate.public_bytes(pem), private


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return x509.CertificateBuilder(
        issuer_name=issuer, subject_name=subject, public_key=key.public_key(),
        serial_number=x509.random_serial_number(), not_valid_before=now - BACKDATED,
        not_valid_after=now + timedelta(days=DAYS),
    )  # fmt: skip


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True, key_cert_sign=signs, crl_sign=signs, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _write(path: Path, data: bytes) -> None:
    fresh = path.with_name(path.name + ".new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    fresh.replace(path)
