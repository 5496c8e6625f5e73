"""The kubelet's API of hollow nodes: for the API server alone, and the node is known by the address."""

from __future__ import annotations

import ssl
import types
import urllib.error
import urllib.request

import pytest

import sampan_pki as pki
from sampan_hollow import server as module
from sampan_hollow.server import Server

POD = {
    "metadata": {"name": "a", "namespace": "n", "creationTimestamp": "2026-01-01T00:00:00Z"},
    "spec": {"containers": [{"name": "main"}]},
    "status": {"phase": "Running", "startTime": "2026-01-01T00:00:00Z"},
}


@pytest.fixture
def server(tmp_path):
    pki.ensure(tmp_path)
    made = Server(str(tmp_path))
    made.start(types.SimpleNamespace(held_at=lambda address: [POD] if address == "127.32.0.1" else []))
    yield made
    made.stop()


@pytest.fixture
def ask(server, tmp_path):
    def asked(path, address="127.32.0.1", client="apiserver-kubelet-client"):
        context = ssl.create_default_context(cafile=tmp_path / "ca.crt")
        context.check_hostname = False
        context.load_cert_chain(tmp_path / f"{client}.crt", tmp_path / f"{client}.key")
        url = f"https://{address}:{server.port}{path}"
        with urllib.request.urlopen(url, context=context, timeout=60) as answer:
            return answer.read().decode()

    return asked


def test_each_node_has_the_figures_of_its_own_pods(ask):
    assert 'pod="a"' in ask("/metrics/resource")
    assert 'pod="a"' not in ask("/metrics/resource", "127.32.0.2")


@pytest.mark.parametrize("path", ["/containerLogs/n/a/main", "/exec/n/a/main", "/portForward/n/a"])
def test_logs_and_the_like_are_refused_in_words(ask, path):
    with pytest.raises(urllib.error.HTTPError) as caught:
        ask(path)

    assert caught.value.code == 501
    assert "hollow nodes run no containers" in caught.value.read().decode()


def test_other_addresses_of_the_machine_get_no_answer(ask):
    with pytest.raises(OSError):
        ask("/healthz", "127.0.0.1")


def test_the_port_of_before_is_taken_where_it_is_free(tmp_path, monkeypatch):
    pki.ensure(tmp_path)
    asked = []

    class Http:
        def __init__(self, address, port, handler, *, name):
            asked.append(port)
            if port == 1111:
                raise OSError("in use")
            self.port = port or 2222

    monkeypatch.setattr(module, "_Http", Http)

    assert Server(str(tmp_path), 3333).port == 3333
    assert Server(str(tmp_path), 1111).port == 2222
    assert asked == [3333, 1111, 0]
