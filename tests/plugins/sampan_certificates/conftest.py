"""Certificate signing requests with small keys, made once."""

from __future__ import annotations

import base64
import ipaddress

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

KEY = ec.generate_private_key(ec.SECP256R1())


def pem_request(common_name="jane", organizations=(), names=()):
    """A PKCS#10 request in PEM."""
    subject = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, each) for each in organizations]
    builder = x509.CertificateSigningRequestBuilder().subject_name(
        x509.Name([*subject, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([_name(each) for each in names]), critical=False)
    return builder.sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _name(text):
    if "@" in text:
        return x509.RFC822Name(text)
    if "://" in text:
        return x509.UniformResourceIdentifier(text)
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def signing_request(name="one", *, signer="example.com/signer", usages=("client auth",), pem=None, status=None, **spec):
    """A CertificateSigningRequest."""
    request = base64.b64encode(pem or pem_request()).decode()
    return {
        "metadata": {"name": name, "uid": f"uid-{name}", "creationTimestamp": "2026-01-01T00:00:00Z"},
        "spec": {"request": request, "signerName": signer, "usages": list(usages), **spec},
        **({"status": status} if status is not None else {}),
    }


@pytest.fixture
def make():
    return signing_request


@pytest.fixture
def pem():
    return pem_request
