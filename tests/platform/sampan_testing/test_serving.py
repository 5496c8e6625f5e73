"""The HTTP port of a cluster in process."""

from __future__ import annotations

import http.client

import pytest

from sampan.contracts.access import User
from sampan_testing.serving import ApiPort


@pytest.fixture
def port():
    def app(environ, start):
        who = environ.get("sampan.user")
        body = environ["wsgi.input"].read()
        if environ["PATH_INFO"] == "/watch":
            start("200 OK", [("Content-Type", "application/json")])
            return iter([b'{"a":1}\n', b"", b'{"a":2}\n'])
        start("200 OK", [("Content-Type", "text/plain")])
        return [f"{environ['REQUEST_METHOD']} {who.name if who else 'nobody'} ".encode(), body]

    made = ApiPort(app, User("admin", ()))
    yield made
    made.close()


def ask(port, method="GET", path="/", body=None, token=None):
    connection = http.client.HTTPConnection(port.url.removeprefix("http://"), timeout=60)
    connection.request(method, path, body, {"Authorization": f"Bearer {token or port.token}"})
    answer = connection.getresponse()
    found = answer.read(), answer.headers
    connection.close()
    return found


def test_the_token_is_the_administrator_and_nothing_else_is(port):
    assert ask(port, "POST", body=b"x")[0] == b"POST admin x"
    assert ask(port, "POST", body=b"x", token="other")[0] == b"POST nobody x"


def test_a_stream_is_sent_in_chunks(port):
    body, headers = ask(port, path="/watch")

    assert body == b'{"a":1}\n{"a":2}\n'
    assert headers["Transfer-Encoding"] == "chunked"


def test_the_kubeconfig_has_the_port_and_the_namespace(port):
    import yaml

    found = yaml.safe_load(port.kubeconfig("mine"))
    assert found["clusters"][0]["cluster"]["server"] == port.url
    assert found["contexts"][0]["context"]["namespace"] == "mine"
