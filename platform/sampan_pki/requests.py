"""PKCS#10 certificate signing requests: what one asks for, and the certificate that an authority makes of it.

Imports ``cryptography``: import it lazily. Source: upstream's certificate authority and its permissive signing policy.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import UTC, datetime
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sampan_pki.issuing import Authority

_PEM = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----\r?\n(.*?)-----END \1-----", re.DOTALL)
_REQUEST = b"CERTIFICATE REQUEST"
_NAMES: tuple[type[x509.GeneralName], ...] = (
    x509.DNSName, x509.IPAddress, x509.RFC822Name, x509.UniformResourceIdentifier,
)  # fmt: skip
_FAILURES = (
    (rsa.RSAPublicKey, "crypto/rsa: verification error"),
    (ec.EllipticCurvePublicKey, "x509: ECDSA verification failure"),
    (ed25519.Ed25519PublicKey, "x509: Ed25519 verification failure"),
)
#: certificates.k8s.io KeyUsage → the name of the bit.
KEY_USAGES = {
    "signing": "digital_signature", "digital signature": "digital_signature",
    "content commitment": "content_commitment", "key encipherment": "key_encipherment",
    "key agreement": "key_agreement", "data encipherment": "data_encipherment", "cert sign": "key_cert_sign",
    "crl sign": "crl_sign", "encipher only": "encipher_only", "decipher only": "decipher_only",
}  # fmt: skip
_BITS = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
    "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
)  # fmt: skip
#: certificates.k8s.io KeyUsage → extended key usage, in the order that upstream gives them.
EXTENDED_KEY_USAGES = {
    "any": ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
    "server auth": ExtendedKeyUsageOID.SERVER_AUTH,
    "client auth": ExtendedKeyUsageOID.CLIENT_AUTH,
    "code signing": ExtendedKeyUsageOID.CODE_SIGNING,
    "email protection": ExtendedKeyUsageOID.EMAIL_PROTECTION,
    "s/mime": ExtendedKeyUsageOID.EMAIL_PROTECTION,
    "ipsec end system": x509.ObjectIdentifier("1.3.6.1.5.5.7.3.5"),
    "ipsec tunnel": x509.ObjectIdentifier("1.3.6.1.5.5.7.3.6"),
    "ipsec user": x509.ObjectIdentifier("1.3.6.1.5.5.7.3.7"),
    "timestamping": ExtendedKeyUsageOID.TIME_STAMPING,
    "ocsp signing": ExtendedKeyUsageOID.OCSP_SIGNING,
    "microsoft sgc": x509.ObjectIdentifier("1.3.6.1.4.1.311.10.3.3"),
    "netscape sgc": x509.ObjectIdentifier("2.16.840.1.113730.4.1"),
}


class UnusableRequest(ValueError):
    """The request cannot be read, or its signature is wrong; the message is for the user."""


class SigningRequest(NamedTuple):
    """What a request asks for."""

    common_name: str
    organizations: tuple[str, ...]
    dns_names: tuple[str, ...]
    addresses: tuple[str, ...]
    emails: tuple[str, ...]
    uris: tuple[str, ...]
    parsed: x509.CertificateSigningRequest


def read_request(pem: bytes) -> SigningRequest:
    """What the first PEM block asks for; raises UnusableRequest."""
    block = _PEM.search(pem)
    if block is None or block[1] != _REQUEST:
        raise UnusableRequest("PEM block type must be CERTIFICATE REQUEST")
    try:
        parsed = x509.load_pem_x509_csr(block[0])
        subject, names = parsed.subject, _alternative_names(parsed)
        return SigningRequest(
            next(iter(_texts(subject, NameOID.COMMON_NAME)), ""),
            _texts(subject, NameOID.ORGANIZATION_NAME),
            tuple(names.get_values_for_type(x509.DNSName)),
            tuple(map(str, names.get_values_for_type(x509.IPAddress))),
            tuple(names.get_values_for_type(x509.RFC822Name)),
            tuple(names.get_values_for_type(x509.UniformResourceIdentifier)),
            parsed,
        )
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension) as error:
        raise UnusableRequest("the certificate request cannot be parsed") from error


def require_signature(request: SigningRequest) -> None:
    """Raises UnusableRequest where the request was not signed with the key that it names."""
    try:
        if request.parsed.is_signature_valid:
            return
        key = request.parsed.public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm, InvalidSignature) as error:
        raise UnusableRequest("x509: cannot verify signature: algorithm unimplemented") from error
    raise UnusableRequest(next((why for kind, why in _FAILURES if isinstance(key, kind)), "x509: verification failure"))


def sign(
    authority: Authority, request: SigningRequest, usages: Collection[str], *, begins: float, ends: float
) -> bytes:
    """A leaf certificate in PEM: subject, key and names as requested, the usages given, no other extension. It ends
    with the authority at the latest; raises ValueError where that has ended already."""
    require_signature(request)
    until = min(ends, authority.not_after)
    if begins >= authority.not_after:
        raise ValueError(f"the signer has expired: NotAfter={_moment(authority.not_after)}")
    builder = (
        x509.CertificateBuilder()
        .subject_name(request.parsed.subject)
        .public_key(request.parsed.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_moment(begins))
        .not_valid_after(_moment(until))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    )
    if bits := _key_usage(usages):
        builder = builder.add_extension(bits, critical=True)
    extended = [oid for usage, oid in EXTENDED_KEY_USAGES.items() if usage in usages]
    if extended:
        builder = builder.add_extension(x509.ExtendedKeyUsage(list(dict.fromkeys(extended))), critical=False)
    names = [name for name in _alternative_names(request.parsed) if isinstance(name, _NAMES)]
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return authority.sign(builder)


def end_of(pem: bytes) -> float | None:
    """When the first certificate in PEM ends; None for what is none."""
    try:
        return x509.load_pem_x509_certificate(pem).not_valid_after_utc.timestamp()
    except ValueError:
        return None


def problem_of_certificates(pem: bytes) -> str:
    """What is wrong with PEM that must hold certificates and nothing else, "" for nothing. Upstream's words."""
    found = 0
    for block in _PEM.finditer(pem):
        kind = block[1].decode()
        if kind != "CERTIFICATE":
            return f'only CERTIFICATE PEM blocks are allowed, found "{kind}"'
        if b":" in block[2]:
            return "no PEM block headers are permitted"
        try:
            x509.load_pem_x509_certificate(block[0])
        except ValueError:
            return "x509: malformed certificate"
        found += 1
    return "" if found else "must contain at least one CERTIFICATE PEM block"


def _alternative_names(parsed: x509.CertificateSigningRequest) -> x509.SubjectAlternativeName:
    try:
        return parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return x509.SubjectAlternativeName([])


def _texts(subject: x509.Name, oid: x509.ObjectIdentifier) -> tuple[str, ...]:
    return tuple(str(entry.value) for entry in subject.get_attributes_for_oid(oid))


def _key_usage(usages: Collection[str]) -> x509.KeyUsage | None:
    """None where no bit is set. The library refuses the last two bits without key agreement, where they mean nothing
    (RFC 5280, 4.2.1.3)."""
    bits = dict.fromkeys(_BITS, False)
    bits.update((KEY_USAGES[usage], True) for usage in usages if usage in KEY_USAGES)
    if not bits["key_agreement"]:
        bits["encipher_only"] = bits["decipher_only"] = False
    return x509.KeyUsage(**bits) if any(bits.values()) else None


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
