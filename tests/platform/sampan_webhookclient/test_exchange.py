"""One request and its response: other addresses, a kept connection, large bodies."""

import json
import socket

import pytest

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


@pytest.fixture
def closed_port():
    """No process listens at it, and no other can."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


def test_a_kept_connection_that_was_closed_is_replaced(client):
    with WebhookServer(lambda path, body: b"{}") as first:
        client.call(call(first))
        kept = client.take(call(first).destination)
        client.keep(call(first).destination, "127.0.0.1", first.port, kept)
        kept.shutdown(socket.SHUT_RDWR)

        assert client.call(call(first)).status == 200
        assert first.connections == 2


def test_a_large_body_goes_both_ways(client, server):
    text = "x" * 2_000_000

    assert json.loads(client.call(call(server, body=json.dumps(text).encode())).body)["sent"] == text


def test_another_address_is_tried_where_one_cannot_be_connected_to(client, server, closed_port):
    addresses = (("127.0.0.1", closed_port), ("127.0.0.1", server.port))
    both = Destination(addresses, "127.0.0.1", "x", "/", Trust(server.authority.decode()))

    assert [client.call(Call(both, b"{}", 60)).status for _ in range(8)] == [200] * 8


def test_a_closed_port_is_told(client, closed_port):
    with pytest.raises(CallFailed, match=f"dial tcp 127.0.0.1:{closed_port}: connect: connection refused"):
        client.call(Call(of_url(f"https://127.0.0.1:{closed_port}/", Trust()), b"{}", 60))
