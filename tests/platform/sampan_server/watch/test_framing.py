"""Watches over WebSockets, by a client that wsproto plays; and how events are put into frames."""

from __future__ import annotations

import contextlib
import json
import socket
import threading

import pytest
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Ping, Pong, RejectConnection, Request, TextMessage
from wsproto.frame_protocol import CloseReason

from sampan.contracts.access import User
from sampan.contracts.kinds import Resource
from sampan_http.limits import Limits
from sampan_http.server import Server
from sampan_machinery.protobuf import encoding as protobuf
from sampan_server.watch.framing import CHUNKED, SHARED_FROM, Messages
from sampan_testing.cluster import start

PATH = "/api/v1/namespaces/default/configmaps?watch=1"
CONFIG_MAPS = Resource("", "v1", "configmaps", "ConfigMap")


@pytest.fixture(scope="module")
def cluster():
    with start(control=False) as running:
        yield running


@pytest.fixture(scope="module")
def port(cluster):
    """Of an API server on a loop in a thread; every caller is an administrator."""

    def call(environ, start_response):
        environ["sampan.user"] = User("admin", ("system:masters", "system:authenticated"))
        return cluster.app.wsgi(environ, start_response)

    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as listener:
        server = Server(call, [listener], limits=Limits(graceful_seconds=1.0))
        thread = threading.Thread(target=server.run)
        thread.start()
        yield listener.getsockname()[1]
        server.stop()
        thread.join()


class Browser:
    """One WebSocket."""

    def __init__(self, port, path=PATH, headers=(), protocols=()):
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.ws = WSConnection(ConnectionType.CLIENT)
        asked = Request(host="127.0.0.1", target=path, extra_headers=list(headers), subprotocols=list(protocols))
        self.sock.sendall(self.ws.send(asked))
        self._events = []

    def next(self):
        while not self._events:
            data = self.sock.recv(65536)
            self.ws.receive_data(data or None)
            self._events.extend(self.ws.events())
        return self._events.pop(0)

    def message(self):
        """The next whole text, as JSON: an event of the watch."""
        text = ""
        while True:
            event = self.next()
            assert isinstance(event, TextMessage), event
            text += event.data
            if event.message_finished:
                return json.loads(text)

    def send(self, event):
        self.sock.sendall(self.ws.send(event))

    def close(self):
        self.sock.close()


@pytest.fixture
def browser(port):
    with contextlib.ExitStack() as stack:
        yield lambda *args, **named: stack.enter_context(contextlib.closing(Browser(port, *args, **named)))


def put_in(cluster, name, size=1):
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"key": "x" * size}}
    return cluster.client.create(CONFIG_MAPS, manifest, "default")


def since(cluster, name):
    """The watch of what comes after something that is made now."""
    return f"{PATH}&resourceVersion={put_in(cluster, name)['metadata']['resourceVersion']}"


def test_each_event_is_a_message(cluster, browser):
    for name, size in (("there", 70_000), ("too", 300)):
        put_in(cluster, name, size)
    there = {each["metadata"]["name"] for each in cluster.client.list(CONFIG_MAPS, "default").items}
    watching = browser()

    assert isinstance(watching.next(), AcceptConnection)
    first = [watching.message() for _ in there]
    later = put_in(cluster, "later")
    cluster.client.delete(CONFIG_MAPS, "later", "default")

    assert {each["object"]["metadata"]["name"] for each in first} == there
    told = [watching.message() for _ in range(2)]
    assert [(each["type"], each["object"]["metadata"]["name"]) for each in told] == [
        ("ADDED", "later"), ("DELETED", "later"),
    ]  # fmt: skip
    assert told[0]["object"] == later


def test_beside_a_plain_watch_both_see_the_same(cluster, browser):
    path = since(cluster, "mark")
    watching = browser(path)
    watching.next()
    plain = cluster.client.watch(CONFIG_MAPS, "default", since=path.rpartition("=")[2], timeout=30)

    put_in(cluster, "beside")

    assert watching.message()["object"] == next(event for event in plain if event[0] != "BOOKMARK")[1]


def test_the_first_of_the_offered_protocols_is_spoken_and_a_token_is_none_of_them(browser):
    watching = browser(protocols=("base64url.bearer.authorization.k8s.io.dG9rZW4", "binary.k8s.io"))

    assert watching.next().subprotocol == "binary.k8s.io"


def test_it_ends_with_a_close_frame_at_its_time(cluster, browser):
    watching = browser(
        f"{PATH}&timeoutSeconds=1&resourceVersion={put_in(cluster, 'old')['metadata']['resourceVersion']}"
    )
    watching.next()

    event = watching.next()

    assert isinstance(event, CloseConnection) and event.code == CloseReason.NORMAL_CLOSURE


def test_a_ping_is_answered_and_a_close_closes(cluster, browser):
    watching = browser(since(cluster, "pinged"))
    watching.next()

    watching.send(Ping(payload=b"there?"))
    answer = watching.next()
    watching.send(CloseConnection(code=CloseReason.NORMAL_CLOSURE))
    end = watching.next()

    assert isinstance(answer, Pong) and answer.payload == b"there?"
    assert isinstance(end, CloseConnection)
    assert watching.sock.recv(1) == b""


@pytest.mark.parametrize(
    "sent", [b"\x83\x80aaaa", b"\x82\xff" + (1 << 40).to_bytes(8, "big") + b"aaaa" + b"x" * (2 << 20)]
)
def test_a_client_that_speaks_otherwise_is_left(cluster, browser, sent):
    """An opcode that is none, and a message without an end."""
    watching = browser(since(cluster, f"n{len(sent)}"))
    watching.next()

    with contextlib.suppress(OSError):  # the server may have gone before all is sent
        watching.sock.sendall(sent)

    with contextlib.suppress(ConnectionResetError):
        assert isinstance(watching.next(), CloseConnection)


def test_an_expired_version_is_told_as_an_event(cluster, browser):
    put_in(cluster, "first")
    last = put_in(cluster, "second")["metadata"]["resourceVersion"]
    collection = cluster.app.cache.collections["/core/configmaps/"]
    collection.ring.forget(int(last))
    watching = browser(f"{PATH}&resourceVersion=1")
    watching.next()

    event = watching.message()

    assert event["type"] == "ERROR" and event["object"]["code"] == 410
    assert isinstance(watching.next(), CloseConnection)


@pytest.mark.parametrize(
    "headers", ["Sec-WebSocket-Key: YQ==\r\nSec-WebSocket-Version: 8", "Sec-WebSocket-Version: 13"]
)
def test_another_version_and_a_lacking_key_are_refused(port, headers):
    asked = f"GET {PATH} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n{headers}\r\n\r\n"
    with contextlib.closing(socket.create_connection(("127.0.0.1", port), timeout=30)) as sock:
        sock.sendall(asked.encode())

        assert sock.recv(65536).startswith(b"HTTP/1.1 400 ")


def test_what_is_not_there_is_refused_before_the_handshake(browser):
    watching = browser("/api/v1/namespaces/default/nothings?watch=1")

    event = watching.next()

    assert isinstance(event, RejectConnection) and event.status_code == 404


def test_large_states_are_not_copied_into_chunks():
    events = b"x" * (SHARED_FROM + 1)

    assert CHUNKED.state(events)[1] is events


def test_events_of_a_protobuf_stream_lose_their_lengths():
    messages = Messages("key", "", binary=True)
    one, two = protobuf.event("ADDED", b"a"), protobuf.event("DELETED", b"b" * 200)

    [found] = messages.state(one + two)

    assert found == messages.frame(one) + messages.frame(two)
    assert messages.frame(one) == bytes([0x82, len(one) - 4]) + one[4:]
