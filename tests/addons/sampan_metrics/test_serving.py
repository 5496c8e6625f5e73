"""The HTTPS server with real certificates: whose word counts."""

from __future__ import annotations

import http.client
import json
import socket
import ssl

import pytest
from prometheus_client import CollectorRegistry

from sampan.errors import NotFound
from sampan_metrics import certificates, trust
from sampan_metrics.figures import Figures
from sampan_metrics.serving import Security, api_server, figure_server
from sampan_pki import ensure

NAME = "sampan-metrics.kube-system.svc"
CONFIG = {
    "requestheader-allowed-names": '["front-proxy-client"]',
    "requestheader-username-headers": '["X-Remote-User"]',
}


class Echo:
    """Stands in for the API."""

    def answer(self, method, path, query, accept):
        if path == "/nothing":
            raise NotFound("nothing here")
        if path == "/broken":
            raise ValueError("broken")
        return {"method": method, "path": path, "query": dict(query)}


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pki")
    ensure(folder)
    return folder


@pytest.fixture
def security(pki, tmp_path):
    serving, _ = certificates.ensure(tmp_path, [NAME])
    found = Security()
    data = {**CONFIG, "requestheader-client-ca-file": (pki / "front-proxy-ca.crt").read_text()}
    found.trust = trust.read({"data": data})
    found.context = trust.context(str(serving.certificate), str(serving.key), found.trust)
    found.authority = serving.authority
    return found


@pytest.fixture
def ask(security, pki):
    server = api_server("127.0.0.1", 0, Echo(), security, Figures(CollectorRegistry()))
    server.start()

    def call(path="/x?a=b", *, client="front-proxy-client", headers=(("X-Remote-User", "jane"),), method="GET"):
        context = ssl.create_default_context(cadata=security.authority.decode())
        if client:
            context.load_cert_chain(pki / f"{client}.crt", pki / f"{client}.key")
        connection = http.client.HTTPSConnection("127.0.0.1", server.port, context=context, timeout=60)
        raw = socket.create_connection(("127.0.0.1", server.port), timeout=60)
        connection.sock = context.wrap_socket(raw, server_hostname=NAME)
        try:
            connection.request(method, path, headers=dict(headers))
            answer = connection.getresponse()
            body = answer.read()
            return answer.status, body if path == "/healthz" else json.loads(body)
        finally:
            connection.close()

    yield call
    server.stop()


def test_the_front_proxy_is_answered(ask):
    assert ask() == (200, {"method": "GET", "path": "/x", "query": {"a": ["b"]}})


def test_no_other_client_is(ask):
    assert ask(client="")[0] == 401
    assert ask(headers=())[0] == 401
    with pytest.raises((ssl.SSLError, ConnectionError)):
        ask(client="apiserver-kubelet-client")  # of the cluster's other authority


def test_another_certificate_of_that_authority_does_not_count(ask, security):
    security.trust = trust.FrontProxyTrust(security.trust.authority, ("somebody-else",))

    assert ask()[0] == 401


def test_without_a_config_map_no_client_is_believed(ask, security):
    security.trust = trust.read(None)

    assert ask()[0] == 401
    assert ask("/healthz", client="") == (200, b"ok")


def test_errors_are_a_status(ask, caplog):
    assert ask("/nothing")[1]["reason"] == "NotFound"
    assert ask("/broken")[0] == 500
    assert ask(method="DELETE")[1]["method"] == "DELETE"


@pytest.mark.parametrize("text", ["[1", '"x', "7"])
def test_lists_that_cannot_be_read_mean_no_client(text):
    data = {"requestheader-client-ca-file": "PEM", "requestheader-allowed-names": text}

    assert trust.read({"data": data}) is None


def test_no_names_mean_all_that_the_authority_signed():
    found = trust.read({"data": {"requestheader-client-ca-file": "PEM"}})

    assert found.user({"subject": ((("commonName", "any"),),)}, {"X-Remote-User": "jane"}) == "jane"
    assert found.user({}, {"X-Remote-User": "jane"}) == ""


def test_figures_are_served_to_anybody_at_one_path():
    registry = CollectorRegistry()
    Figures(registry)
    server = figure_server("127.0.0.1", 0, [registry])
    server.start()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)

    codes = []
    for path in ("/metrics", "/healthz", "/apis"):
        connection.request("GET", path)
        answer = connection.getresponse()
        codes.append(answer.status)
        body = answer.read()
        assert path != "/metrics" or b"sampan_metrics_containers 0.0" in body
    connection.close()
    server.stop()

    assert codes == [200, 200, 404]
