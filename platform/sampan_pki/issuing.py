"""Creates keys and certificates (EC P-256). The only module here that imports ``cryptography``.

Import it lazily: a start that finds every file in place must not pay for the import. Knows nothing of file names.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_SUBJECT = (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME)
_BACKDATED = timedelta(minutes=5)  # clocks of a cluster differ a little


@dataclass(frozen=True)
class Leaf:
    """Contents of a leaf certificate; addresses among ``names`` become IP entries."""

    user: str
    groups: Sequence[str] = ()
    names: Sequence[str] = ()
    server: bool = False
    client: bool = True


class Authority:
    """A certificate authority and its key."""

    def __init__(self, certificate: bytes, key: bytes) -> None:
        self._certificate = x509.load_pem_x509_certificate(certificate)
        loaded = serialization.load_pem_private_key(key, password=None)
        if not isinstance(loaded, ec.EllipticCurvePrivateKey):
            raise ValueError("the authority's key is not an elliptic curve key")
        self._key = loaded

    @property
    def not_after(self) -> float:
        """When it ends, in seconds since the epoch."""
        return self._certificate.not_valid_after_utc.timestamp()

    def sign(self, builder: x509.CertificateBuilder) -> bytes:
        """The certificate in PEM, with this authority as its issuer."""
        builder = builder.issuer_name(self._certificate.subject)
        builder = builder.add_extension(_issuer_key(self._certificate), critical=False)
        return _pem(builder.sign(self._key, hashes.SHA256()))

    def issue(self, leaf: Leaf, *, days: int) -> tuple[bytes, bytes]:
        """(certificate, key) in PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        until = min(_now() + timedelta(days=days), self._certificate.not_valid_after_utc)
        builder = _builder(_subject(leaf.user, leaf.groups), self._certificate.subject, key, until)
        usages = [ExtendedKeyUsageOID.SERVER_AUTH] * leaf.server + [ExtendedKeyUsageOID.CLIENT_AUTH] * leaf.client
        builder = (
            builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(authority=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
            .add_extension(_issuer_key(self._certificate), critical=False)
        )
        if leaf.names:
            builder = builder.add_extension(x509.SubjectAlternativeName([_name(n) for n in leaf.names]), critical=False)
        return _pem(builder.sign(self._key, hashes.SHA256())), _private(key)


def new_authority(name: str, *, days: int) -> tuple[bytes, bytes]:
    """A self-signed authority, (certificate, key) in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _subject(name, ())
    builder = (
        _builder(subject, subject, key, _now() + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_usage(authority=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return _pem(builder.sign(key, hashes.SHA256())), _private(key)


def new_request(user: str, groups: Sequence[str] = (), names: Sequence[str] = ()) -> tuple[bytes, bytes]:
    """A certificate signing request (PKCS#10) for a new key, and the key, both in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = x509.CertificateSigningRequestBuilder().subject_name(_subject(user, groups))
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([_name(n) for n in names]), critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM), _private(key)


def key_hashes(certificates: bytes) -> list[str]:
    """sha256: and the hexadecimal digest of each certificate's public key, as kubeadm pins authorities. Raises
    ValueError for what is no PEM."""
    form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    keys = (each.public_key().public_bytes(*form) for each in x509.load_pem_x509_certificates(certificates))
    return [f"sha256:{hashlib.sha256(key).hexdigest()}" for key in keys]


def identity_of(certificate: bytes) -> tuple[str, tuple[str, ...], tuple[str, ...], float, float]:
    """(user, groups, names, begin, end) of the first certificate in PEM; times in seconds since the epoch. Raises
    ValueError."""
    found = x509.load_pem_x509_certificate(certificate)
    words = {oid: [str(each.value) for each in found.subject.get_attributes_for_oid(oid)] for oid in _SUBJECT}
    try:
        named = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names = (*named.get_values_for_type(x509.DNSName), *map(str, named.get_values_for_type(x509.IPAddress)))
    except x509.ExtensionNotFound:
        names = ()
    user = next(iter(words[NameOID.COMMON_NAME]), "")
    times = found.not_valid_before_utc.timestamp(), found.not_valid_after_utc.timestamp()
    return user, tuple(words[NameOID.ORGANIZATION_NAME]), names, *times


def new_signing_key() -> bytes:
    """A private key for ES256 tokens, in PEM."""
    return _private(ec.generate_private_key(ec.SECP256R1()))


def public_half(key: bytes) -> bytes:
    """The public key of a private key of any type, both in PEM."""
    public = serialization.load_pem_private_key(key, password=None).public_key()
    return public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def _now() -> datetime:
    return datetime.now(UTC)


def _subject(user: str, groups: Sequence[str]) -> x509.Name:
    names = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
    return x509.Name([*names, x509.NameAttribute(NameOID.COMMON_NAME, user)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, until: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_now() - _BACKDATED)
        .not_valid_after(until)
    )


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _issuer_key(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    found = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(found.value)


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
