"""Calls to a real HTTPS server on loopback: answers, trust, kept connections, deadlines."""

import json

import pytest

from sampan_pki import issuing
from sampan_testing.webhooks import WebhookServer
from sampan_webhookclient.calls import Call
from sampan_webhookclient.client import WebhookClient
from sampan_webhookclient.destinations import Destination, Trust, of_url
from sampan_webhookclient.failures import CallFailed


@pytest.fixture
def client():
    found = WebhookClient()
    yield found
    found.close()


@pytest.fixture
def server():
    with WebhookServer(lambda path, body: json.dumps({"path": path, "sent": body}).encode()) as found:
        yield found


def call(server, path="/", body=b"{}", seconds=60.0, **more):
    return Call(of_url(server.url(path), Trust(server.authority.decode())), body, seconds, **more)


def test_a_call_is_answered(client, server):
    reply = client.call(call(server, "/a", b'{"n":1}', query="timeout=10s", headers={"Authorization": "Bearer t"}))

    assert (reply.status, json.loads(reply.body)) == (200, {"path": "/a?timeout=10s", "sent": {"n": 1}})
    assert server.requests[0][1]["authorization"] == "Bearer t"


def test_connections_are_kept(client, server):
    for _ in range(5):
        client.call(call(server))

    assert (len(server.requests), server.connections) == (5, 1)


def test_an_unknown_authority_is_not_trusted(client, server):
    with WebhookServer(lambda path, body: b"{}") as other, pytest.raises(CallFailed) as failed:
        client.call(Call(of_url(server.url("/x"), Trust(other.authority.decode())), b"{}", 10))

    assert str(failed.value).startswith(f'Post "{server.url("/x")}": tls: failed to verify certificate: x509: ')


def test_without_a_bundle_the_machines_authorities_count(client, server):
    with pytest.raises(CallFailed, match="failed to verify certificate"):
        client.call(Call(of_url(server.url(), Trust()), b"{}", 10))


def test_a_certificate_for_another_name_is_not_trusted(client, server):
    own = Trust(server.authority.decode())
    other = Destination((("127.0.0.1", server.port),), "other.test", "other.test", "/", own)

    with pytest.raises(CallFailed, match="failed to verify certificate"):
        client.call(Call(other, b"{}", 10))


def test_authorities_that_cannot_be_read_fail_the_call(client, server):
    with pytest.raises(CallFailed, match="unable to load root certificates"):
        client.call(Call(of_url(server.url(), Trust("no certificate")), b"{}", 10))


def test_contexts_are_kept_and_a_certificate_is_shown(client, server):
    trust = Trust(insecure=True)
    assert client.context(trust) is client.context(trust)
    certificate, key = issuing.new_authority("a", days=1)

    shown = Trust(server.authority.decode(), certificate=certificate.decode(), key=key.decode())

    assert client.call(Call(of_url(server.url(), shown), b"{}", 10)).status == 200
    with pytest.raises(CallFailed):
        client.context(Trust(certificate="none", key="none"))
