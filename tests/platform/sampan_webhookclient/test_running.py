"""Several calls on one thread, each with its deadline."""

import contextlib
import json
import socket
import threading

import pytest

from sampan_testing.webhooks import WebhookServer
from sampan_webhookclient.calls import Call
from sampan_webhookclient.client import WebhookClient
from sampan_webhookclient.destinations import Destination, Trust, of_url
from sampan_webhookclient.failures import CallFailed
from sampan_webhookclient.lookups import Lookups
from sampan_webhookclient.running import Wake


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


@contextlib.contextmanager
def silent():
    """Accepts connections and never says anything."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield Destination((listening.getsockname(),), "x", "x.default.svc", "/", Trust())


def test_several_go_at_once_on_the_callers_thread(client):
    together = threading.Barrier(10)

    def wait(path, body):
        together.wait(60)
        return b"{}"

    before = threading.active_count()
    with WebhookServer(wait) as server:
        found = client.call_all([call(server, f"/{number}") for number in range(10)])

    assert [reply.status for reply in found] == [200] * 10
    assert threading.active_count() <= before + 10  # the server's own


def test_those_that_never_answer_do_not_keep_the_others(client, server):
    with silent() as where:
        found = client.call_all([Call(where, b"{}", 0.05), call(server), Call(where, b"{}", 0.05)])

    assert [isinstance(each, CallFailed) for each in found] == [True, False, True]


def test_a_destination_without_an_address_says_why(client):
    nowhere = Destination((), "x", "x.default.svc", "/", Trust(), failure='service "x" not found')

    with pytest.raises(CallFailed, match='service "x" not found'):
        client.call(Call(nowhere, b"{}", 1))


def test_one_that_never_answers_ends_with_its_deadline(client):
    with silent() as where, pytest.raises(CallFailed) as failed:
        client.call(Call(where, b"{}", 0.05, query="timeout=1s"))

    assert str(failed.value) == 'Post "https://x.default.svc/?timeout=1s": context deadline exceeded'
    assert failed.value.timed_out


def test_a_name_is_looked_up_and_one_that_does_not_resolve_is_told(server):
    addresses = {"hook.test": ["127.0.0.1"]}
    client = WebhookClient(Lookups(lambda host: addresses.get(host, [])))
    own = Trust(server.authority.decode())
    there = Destination((("hook.test", server.port),), "127.0.0.1", "hook.test", "/", own)
    gone = Destination((("gone.test", 443),), "gone.test", "gone.test", "/", own)

    found = client.call_all([Call(there, b"{}", 60), Call(gone, b"{}", 60)])
    client.close()

    assert found[0].status == 200
    assert str(found[1]) == 'Post "https://gone.test/": dial tcp: lookup gone.test: no such host'


def test_a_lookup_that_does_not_end_costs_the_deadline_alone():
    go = threading.Event()
    client = WebhookClient(Lookups(lambda host: (go.wait(60) and ["127.0.0.1"]) or []))
    slow = Destination((("slow.test", 443),), "slow.test", "slow.test", "/", Trust())

    with pytest.raises(CallFailed, match="context deadline exceeded"):
        client.call(Call(slow, b"{}", 0.05))
    go.set()


def test_a_wake_is_harmless_after_its_end():
    wake = Wake()
    wake.clear()
    wake.tell()
    wake.clear()
    wake.close()

    wake.tell()
