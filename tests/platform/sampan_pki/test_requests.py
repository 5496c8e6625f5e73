from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sampan_pki import requests
from sampan_pki.issuing import Authority, new_authority

NOW = 1_800_000_000.0


@pytest.fixture(scope="module")
def authority():
    return Authority(*new_authority("test", days=3650))


def request(*names, **extra):
    key = ec.generate_private_key(ec.SECP256R1())
    subject = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "dev"), x509.NameAttribute(NameOID.COMMON_NAME, "jane")]
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(subject))
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(list(names)), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def signed(authority, pem, usages=("client auth",), begins=NOW, ends=NOW + 60):
    made = requests.sign(authority, requests.read_request(pem), usages, begins=begins, ends=ends)
    return x509.load_pem_x509_certificate(made)


def test_a_request_says_what_it_asks_for():
    found = requests.read_request(request(x509.DNSName("a.b"), x509.RFC822Name("j@a.b")))

    assert (found.common_name, found.organizations) == ("jane", ("dev",))
    assert (found.dns_names, found.emails, found.addresses, found.uris) == (("a.b",), ("j@a.b",), (), ())


@pytest.mark.parametrize("pem", [b"", b"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----"])
def test_what_is_no_request_is_unusable(pem):
    with pytest.raises(requests.UnusableRequest):
        requests.read_request(pem)


def test_a_certificate_has_the_names_and_usages_and_is_no_authority(authority):
    made = signed(authority, request(x509.DNSName("a.b")), ("client auth", "digital signature", "any"))

    value = made.extensions.get_extension_for_class
    assert not value(x509.BasicConstraints).value.ca
    assert value(x509.KeyUsage).value.digital_signature and not value(x509.KeyUsage).value.key_cert_sign
    assert len(value(x509.ExtendedKeyUsage).value) == 2
    assert value(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName) == ["a.b"]
    assert made.not_valid_after_utc.timestamp() == NOW + 60


def test_usages_that_the_library_refuses_alone_are_left_out(authority):
    made = signed(authority, request(), ("encipher only",))

    with pytest.raises(x509.ExtensionNotFound):
        made.extensions.get_extension_for_class(x509.KeyUsage)


def test_a_certificate_does_not_outlive_its_authority(authority):
    assert signed(authority, request(), ends=9e9).not_valid_after_utc.timestamp() == authority.not_after
    with pytest.raises(ValueError, match="the signer has expired"):
        signed(authority, request(), begins=authority.not_after, ends=9e9)


def test_only_certificates_may_be_stored_as_a_certificate(authority):
    good = signed(authority, request()).public_bytes(serialization.Encoding.PEM)
    header = good.replace(b"-----\n", b"-----\nA: b\n\n", 1)

    assert requests.problem_of_certificates(good + good) == ""
    assert requests.problem_of_certificates(b"") == "must contain at least one CERTIFICATE PEM block"
    assert requests.problem_of_certificates(header) == "no PEM block headers are permitted"
    assert (
        requests.problem_of_certificates(request())
        == 'only CERTIFICATE PEM blocks are allowed, found "CERTIFICATE REQUEST"'
    )


def test_the_end_of_a_certificate_is_told_and_of_nothing_else(authority):
    assert requests.end_of(signed(authority, request()).public_bytes(serialization.Encoding.PEM)) == NOW + 60
    assert requests.end_of(b"nothing") is None
