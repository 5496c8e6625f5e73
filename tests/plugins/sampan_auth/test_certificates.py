from __future__ import annotations

import ssl

import pytest

from sampan.contracts.access import Credentials
from sampan.errors import Unauthorized
from sampan.pki import client_certificate, ensure
from sampan_auth.certificates import CertificateReader, Certificates, FrontProxy

SPOKEN_FOR = {"x-remote-user": "jane", "x-remote-group": "devs, ops", "x-remote-extra-a%2Fb": "c"}


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


def showing(certificate=None, headers=None, *, fronted=False):
    return Credentials(headers or {}, certificate, "", fronted)


def test_a_certificate_names_user_and_groups(pki, reader):
    user = Certificates(reader).authenticate(showing(der(pki / "clients" / "dns.crt")))

    assert (user.name, sorted(user.groups)) == ("system:sampan-dns", ["one", "system:authenticated", "two"])


def test_no_certificate_names_nobody(reader):
    assert Certificates(reader).authenticate(showing()) is None


def test_a_certificate_outside_its_time_is_refused(pki):
    reader = CertificateReader(None, clock=lambda: 4_000_000_000.0)

    with pytest.raises(Unauthorized, match="expired"):
        Certificates(reader).authenticate(showing(der(pki / "clients" / "dns.crt")))


def test_what_is_no_certificate_is_refused(reader):
    with pytest.raises(Unauthorized):
        Certificates(reader).authenticate(showing(b"nonsense"))


def test_a_front_proxy_speaks_for_others_and_is_nobody_itself(pki, reader):
    shown = showing(der(pki / "front-proxy-client.crt"), SPOKEN_FOR)

    user = FrontProxy(reader, ["front-proxy-client"]).authenticate(shown)

    assert (user.name, user.groups) == ("jane", ("devs", "ops", "system:authenticated"))
    assert user.extra == {"a/b": ("c",)}
    assert Certificates(reader).authenticate(shown) is None


def test_a_fronted_connection_is_believed(reader):
    assert FrontProxy(reader, []).authenticate(showing(None, SPOKEN_FOR, fronted=True)).name == "jane"


def test_nobody_else_is_believed(pki, reader):
    proxy = FrontProxy(reader, ["front-proxy-client"])

    assert proxy.authenticate(showing(None, SPOKEN_FOR)) is None
    assert proxy.authenticate(showing(der(pki / "clients" / "dns.crt"), SPOKEN_FOR)) is None
    assert FrontProxy(reader, ["other"]).authenticate(showing(der(pki / "front-proxy-client.crt"), SPOKEN_FOR)) is None
