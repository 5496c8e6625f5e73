from __future__ import annotations

import ssl
from urllib.parse import quote

import pytest

from sampan.contracts.access import Credentials
from sampan.errors import Unauthorized
from sampan_auth.certificates import CertificateReader
from sampan_auth.fronts import FrontProxy
from sampan_http.heads import Heads
from sampan_pki import client_certificate, ensure
from sampan_server.request.request import Headers

SPOKEN_FOR = {"x-remote-user": "jane", "x-remote-group": "devs, ops", "x-remote-extra-a%2Fb": "c"}


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    directory = tmp_path_factory.mktemp("pki")
    ensure(directory)
    client_certificate(directory, "dns", "system:sampan-dns", ["one", "two, and a comma"])
    ensure(directory / "foreign")
    client_certificate(directory / "foreign", "root", "kubernetes-admin", ["system:masters"])
    return directory


def der(path):
    return ssl.PEM_cert_to_DER_cert(path.read_text())


@pytest.fixture
def reader(pki):
    return CertificateReader(pki / "front-proxy-ca.crt", pki / "ca.crt")


@pytest.fixture
def fronts(reader):
    return FrontProxy(reader, ["front-proxy-client"], ["nginx"])


def showing(certificate=None, headers=None, *, fronted=False):
    return Credentials(headers or {}, certificate, "", fronted)


def passed_on(path, verdict="SUCCESS"):
    return {"x-client-verify": verdict, "x-client-cert": quote(path.read_text())}


def test_an_authenticating_proxy_says_who_calls(pki, fronts):
    user = fronts.authenticate(showing(der(pki / "front-proxy-client.crt"), SPOKEN_FOR))

    assert (user.name, user.groups) == ("jane", ("devs", "ops", "system:authenticated"))
    assert user.extra == {"a/b": ("c",)}


def test_a_group_of_an_authenticating_proxy_keeps_its_commas(pki, fronts):
    lines = ["X-Remote-User: jane", "X-Remote-Group: CN=ops,DC=x", "X-Remote-Group: devs", "X-Remote-Extra-A: b,c"]
    head = "\r\n".join(["GET / HTTP/1.1", "Host: x", *lines, "", ""]).encode()
    headers = Headers(Heads(100).parse(head, {"sampan.loop": None}))

    user = fronts.authenticate(showing(der(pki / "front-proxy-client.crt"), headers))

    assert user.groups == ("CN=ops,DC=x", "devs", "system:authenticated")
    assert user.extra == {"a": ("b,c",)}


def test_a_server_that_ends_tls_says_which_certificate_it_saw(pki, fronts):
    headers = passed_on(pki / "clients" / "dns.crt")

    by_socket = fronts.authenticate(showing(None, headers, fronted=True))
    by_certificate = fronts.authenticate(showing(der(pki / "nginx-client.crt"), headers))

    assert by_socket == by_certificate
    assert by_socket.name == "system:sampan-dns"
    assert sorted(by_socket.groups) == ["one", "system:authenticated", "two, and a comma"]


def test_a_server_that_ends_tls_cannot_name_anybody(pki, fronts):
    assert fronts.authenticate(showing(None, SPOKEN_FOR, fronted=True)) is None
    assert fronts.authenticate(showing(der(pki / "nginx-client.crt"), SPOKEN_FOR)) is None
    assert fronts.authenticate(showing(None, {**SPOKEN_FOR, "x-client-verify": "NONE"}, fronted=True)) is None


def test_an_authenticating_proxy_passes_no_certificates_on(pki, fronts):
    shown = showing(der(pki / "front-proxy-client.crt"), passed_on(pki / "clients" / "dns.crt"))

    assert fronts.authenticate(shown) is None


@pytest.mark.parametrize(
    "verdict", ["FAILED:certificate has expired", "SUCCESS,SUCCESS", "NONE,SUCCESS", "success", "X"]
)
def test_any_verdict_but_success_is_refused(pki, fronts, verdict):
    with pytest.raises(Unauthorized, match="not accepted"):
        fronts.authenticate(showing(None, passed_on(pki / "clients" / "dns.crt", verdict), fronted=True))


@pytest.mark.parametrize(
    "path", ["foreign/clients/root.crt", "front-proxy-client.crt", "nginx-client.crt", "server.crt"]
)
def test_a_certificate_that_is_no_clients_is_refused_whatever_the_front_says(pki, fronts, path):
    with pytest.raises(Unauthorized, match="authority"):
        fronts.authenticate(showing(None, passed_on(pki / path), fronted=True))


@pytest.mark.parametrize(
    "sent", ["", "nonsense", "%", "%ff%fe", "-----BEGIN CERTIFICATE-----%0A!!!!%0A-----END CERTIFICATE-----"]
)
def test_what_is_no_certificate_is_refused(fronts, sent):
    with pytest.raises(Unauthorized, match="cannot be read"):
        fronts.authenticate(showing(None, {"x-client-verify": "SUCCESS", "x-client-cert": sent}, fronted=True))


def test_two_certificates_in_one_header_are_refused(pki, fronts):
    one, other = (quote((pki / path).read_text()) for path in ("clients/dns.crt", "foreign/clients/root.crt"))

    with pytest.raises(Unauthorized):
        fronts.authenticate(
            showing(None, {"x-client-verify": "SUCCESS", "x-client-cert": f"{one},{other}"}, fronted=True)
        )


def test_an_expired_certificate_is_refused_though_the_front_took_it(pki):
    reader = CertificateReader(pki / "front-proxy-ca.crt", pki / "ca.crt", clock=lambda: 4_000_000_000.0)

    with pytest.raises(Unauthorized, match="expired"):
        FrontProxy(reader, []).authenticate(showing(None, passed_on(pki / "clients" / "dns.crt"), fronted=True))


def test_no_other_client_is_believed(pki, fronts, reader):
    both = {**SPOKEN_FOR, **passed_on(pki / "clients" / "dns.crt")}

    assert fronts.authenticate(showing(None, both)) is None
    assert fronts.authenticate(showing(der(pki / "clients" / "dns.crt"), both)) is None
    assert FrontProxy(reader, ["x"], ["y"]).authenticate(showing(der(pki / "front-proxy-client.crt"), both)) is None
