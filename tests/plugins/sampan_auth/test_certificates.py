from __future__ import annotations

import hashlib
import ssl

import pytest

from sampan.contracts.access import Credentials
from sampan.errors import Unauthorized
from sampan_auth.certificates import CertificateReader, Certificates
from sampan_pki import client_certificate, ensure


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    directory = tmp_path_factory.mktemp("pki")
    ensure(directory)
    client_certificate(directory, "dns", "system:sampan-dns", ["one", "two"])
    return directory


def der(path):
    return ssl.PEM_cert_to_DER_cert(path.read_text())


@pytest.fixture
def reader(pki):
    return CertificateReader(pki / "front-proxy-ca.crt")


def showing(certificate=None):
    return Credentials({}, certificate, "")


def test_a_certificate_names_user_and_groups(pki, reader):
    user = Certificates(reader).authenticate(showing(der(pki / "clients" / "dns.crt")))

    assert (user.name, sorted(user.groups)) == ("system:sampan-dns", ["one", "system:authenticated", "two"])


def test_a_user_carries_the_name_of_the_certificate(pki, reader):
    certificate = der(pki / "clients" / "dns.crt")

    user = Certificates(reader).authenticate(showing(certificate))

    digest = hashlib.sha256(certificate).hexdigest()
    assert dict(user.extra) == {"authentication.kubernetes.io/credential-id": (f"X509SHA256={digest}",)}


def test_no_certificate_names_no_user(reader):
    assert Certificates(reader).authenticate(showing()) is None


def test_a_certificate_outside_its_time_is_refused(pki):
    reader = CertificateReader(None, clock=lambda: 4_000_000_000.0)

    with pytest.raises(Unauthorized, match="expired"):
        Certificates(reader).authenticate(showing(der(pki / "clients" / "dns.crt")))


def test_what_is_no_certificate_is_refused(reader):
    with pytest.raises(Unauthorized):
        Certificates(reader).authenticate(showing(b"nonsense"))


def test_a_front_proxys_certificate_is_nobodys(pki, reader):
    assert Certificates(reader).authenticate(showing(der(pki / "front-proxy-client.crt"))) is None
    assert Certificates(reader).authenticate(showing(der(pki / "nginx-client.crt"))) is None
