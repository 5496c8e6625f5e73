import json
import socket

import pytest
from fakeserver import FakeServer, bookmark, pod

from sampan.contracts.kinds import Resource
from sampan.errors import Conflict, Expired, Forbidden, TooManyRequests
from sampan_client import Client
from sampan_client.http import HttpTransport
from sampan_client.kubeconfig import Config

PODS = Resource("", "v1", "pods", "Pod")


@pytest.fixture
def serve():
    started = []

    def start(reply):
        server = FakeServer(reply)
        client = Client(HttpTransport(Config(server.url)))
        started.append((server, client))
        return server, client

    yield start
    for server, client in started:
        client.close()
        server.stop()


def test_a_list_goes_through_all_pages(serve):
    def reply(exchange):
        if "continue=more" in exchange.path:
            exchange.json(200, {"metadata": {"resourceVersion": "7"}, "items": [{"metadata": {"name": "b"}}]})
        else:
            items = [{"metadata": {"name": "a"}}]
            exchange.json(200, {"metadata": {"resourceVersion": "7", "continue": "more"}, "items": items})

    _, client = serve(reply)

    listing = client.list(PODS, "default")

    assert [item["metadata"]["name"] for item in listing.items] == ["a", "b"]
    assert listing.resource_version == "7"
    assert listing.items[0]["kind"] == "Pod"


def test_a_list_whose_page_token_expired_starts_again(serve):
    def reply(exchange):
        if "continue" in exchange.path:
            exchange.json(410, {"kind": "Status", "reason": "Expired", "code": 410})
        elif "limit" in exchange.path:
            exchange.json(200, {"metadata": {"resourceVersion": "7", "continue": "more"}, "items": [pod("a", 1)]})
        else:
            exchange.json(200, {"metadata": {"resourceVersion": "9"}, "items": [pod("a", 1), pod("b", 2)]})

    _, client = serve(reply)

    assert len(client.list(PODS).items) == 2


def test_an_answer_of_400_or_more_becomes_the_error_it_stands_for(serve):
    status = {"kind": "Status", "reason": "Conflict", "code": 409, "message": "changed", "details": {"name": "a"}}
    _, client = serve(lambda exchange: exchange.json(409, status))

    with pytest.raises(Conflict, match="changed") as caught:
        client.update(PODS, pod("a", 1))

    assert caught.value.name == "a"


def test_an_error_that_is_no_status_keeps_its_text(serve):
    def reply(exchange):
        exchange.send_response(403)
        exchange.send_header("Content-Length", "2")
        exchange.end_headers()
        exchange.wfile.write(b"no")

    _, client = serve(reply)

    with pytest.raises(Forbidden, match="no"):
        client.get(PODS, "a", "default")


def test_the_connection_is_kept_for_the_next_request(serve):
    peers = set()

    def reply(exchange):
        peers.add(exchange.client_address)
        exchange.json(200, pod("a", 1))

    _, client = serve(reply)

    for _ in range(3):
        client.get(PODS, "a", "default")

    assert len(peers) == 1


def test_a_dead_idle_connection_is_replaced(serve):
    def reply(exchange):
        exchange.json(200, pod("a", 1))
        exchange.close_connection = True  # without saying so

    server, client = serve(reply)

    for _ in range(3):
        client.get(PODS, "a", "default")

    assert len(server.seen) == 3


def test_a_request_to_a_busy_server_is_repeated_after_retry_after(serve):
    def reply(exchange):
        if len(exchange.server.seen) < 3:
            exchange.json(429, {"reason": "TooManyRequests"}, {"Retry-After": "1"})
        else:
            exchange.json(200, pod("a", 1))

    server, client = serve(reply)
    slept = []
    client._sleep = slept.append

    client.get(PODS, "a", "default")

    assert slept == [1.0, 1.0]
    assert len(server.seen) == 3


def test_a_refused_eviction_is_not_repeated(serve):
    server, client = serve(lambda exchange: exchange.json(429, {"reason": "TooManyRequests"}, {"Retry-After": "1"}))

    with pytest.raises(TooManyRequests):
        client.create(PODS, {}, "default", subresource="eviction", name="a")

    assert len(server.seen) == 1


def test_a_server_that_is_away_is_a_connection_error():
    with socket.socket() as bound:  # no process listens at this port, and no other can
        bound.bind(("127.0.0.1", 0))
        client = Client(HttpTransport(Config(f"http://127.0.0.1:{bound.getsockname()[1]}")))

        with pytest.raises(ConnectionError, match="cannot be reached"):
            client.get(PODS, "a", "default")
        client.close()


def test_a_patch_has_the_content_type_of_its_kind(serve):
    def reply(exchange):
        assert exchange.headers["Content-Type"] == "application/apply-patch+yaml"
        exchange.json(200, pod("a", 1))

    server, client = serve(reply)

    client.patch(PODS, "a", {"x": 1}, "default", how="apply", field_manager="me", force=True)

    assert server.seen == [("PATCH", "/api/v1/namespaces/default/pods/a?fieldManager=me&force=true", b'{"x":1}')]


def test_a_delete_carries_its_preconditions(serve):
    server, client = serve(lambda exchange: exchange.json(200, {}))

    client.delete(PODS, "a", "default", uid="u", propagation="Foreground", grace=0)

    options = json.loads(server.seen[0][2])
    assert options["preconditions"] == {"uid": "u"}
    assert (options["propagationPolicy"], options["gracePeriodSeconds"]) == ("Foreground", 0)


def test_a_watch_gives_events_until_it_ends(serve):
    def reply(exchange):
        exchange.begin()
        exchange.event("ADDED", pod("a", 1))
        exchange.event("BOOKMARK", bookmark(1))
        exchange.end()

    _, client = serve(reply)

    assert [kind for kind, _ in client.watch(PODS)] == ["ADDED", "BOOKMARK"]


def test_a_watch_that_is_too_old_raises_expired(serve):
    def reply(exchange):
        exchange.begin()
        exchange.event("ERROR", {"kind": "Status", "code": 410, "reason": "Expired"})
        exchange.end()

    _, client = serve(reply)

    with pytest.raises(Expired):
        list(client.watch(PODS, since="1"))


def test_a_watch_that_is_refused_raises_why(serve):
    status = {"kind": "Status", "reason": "Forbidden", "code": 403, "message": "not yours"}
    _, client = serve(lambda exchange: exchange.json(403, status))

    with pytest.raises(Forbidden, match="not yours"):
        list(client.watch(PODS))
