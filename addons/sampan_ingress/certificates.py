"""Certificates out of Secrets: parsed, checked, and written again from the parsed form, so that a file holds nothing
else."""

from __future__ import annotations

import base64
import binascii
import datetime
import hashlib
import os
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.x509.oid import NameOID

from sampan.contracts.kinds import Object
from sampan_ingress.model import Certificate

SMALLEST_RSA = 2048  # bits: OpenSSL's security level 2, Debian's default, takes no less
_SELF_SIGNED_FOR = datetime.timedelta(days=3650)
_PEM, _PKCS8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8


class BadCertificate(ValueError):
    """A Secret that nginx could not use; says why."""


def from_secret(secret: Object) -> Certificate:
    """The pair of a kubernetes.io/tls Secret. Raises BadCertificate."""
    data = secret.get("data") or {}
    parts = []
    for key in ("tls.crt", "tls.key"):
        try:
            parts.append(base64.b64decode(data.get(key) or "", validate=True))
        except (binascii.Error, ValueError) as error:
            raise BadCertificate(f"{key} is not base64") from error
        if not parts[-1].strip():
            raise BadCertificate(f"{key} is empty")
    return from_pem(*parts)


@lru_cache(4096)
def from_pem(chain: bytes, key: bytes) -> Certificate:
    """Raises BadCertificate."""
    try:
        certificates = x509.load_pem_x509_certificates(chain)
    except ValueError as error:
        raise BadCertificate("tls.crt holds no readable certificate") from error
    try:
        private = serialization.load_pem_private_key(key, None)
    except (ValueError, TypeError) as error:
        raise BadCertificate("tls.key holds no readable private key, or one with a password") from error
    except Exception as error:  # cryptography's UnsupportedAlgorithm is no ValueError
        raise BadCertificate("tls.key is of an unknown kind") from error
    if not isinstance(private, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
                      | ed448.Ed448PrivateKey):  # fmt: skip
        raise BadCertificate("tls.key is of a kind that TLS servers do not use")
    if isinstance(private, rsa.RSAPrivateKey) and private.key_size < SMALLEST_RSA:
        raise BadCertificate(f"tls.key has {private.key_size} bits, and {SMALLEST_RSA} are the least")
    if _public(certificates[0].public_key()) != _public(private.public_key()):
        raise BadCertificate("tls.key does not belong to the first certificate of tls.crt")
    pem = b"".join(one.public_bytes(_PEM) for one in certificates)
    pem += private.private_bytes(_PEM, _PKCS8, serialization.NoEncryption())
    return Certificate(hashlib.sha256(pem).hexdigest()[:32], pem)


def _public(key: object) -> bytes:
    encoded: bytes = key.public_bytes(  # type: ignore[attr-defined]  # every public key of cryptography has it
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return encoded


def self_signed(path: Path) -> Certificate:
    """For hosts without a certificate of their own; made once, kept in a file."""
    if path.exists():
        try:
            pem = path.read_bytes()
            return from_pem(pem, pem)
        except BadCertificate:
            pass  # cut short by a crash: a new one is as good
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sampan ingress default certificate")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + _SELF_SIGNED_FOR)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("ingress.local")]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = made.public_bytes(_PEM) + key.private_bytes(_PEM, _PKCS8, serialization.NoEncryption())
    write_private(path, pem)
    return from_pem(pem, pem)


def write_private(path: Path, content: bytes) -> None:
    """A file that only its owner may read, there as a whole or not at all."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    temporary.replace(path)
