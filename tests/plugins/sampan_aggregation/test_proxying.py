from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from types import SimpleNamespace

import pytest

from sampan.contracts.access import User
from sampan.errors import BadGateway, ServiceUnavailable, Timeout
from sampan_aggregation import connecting, proxying
from sampan_aggregation.connecting import Dialler, identity
from sampan_machinery.endpoints import Target

HOST = "ext.default.svc:443"


@pytest.fixture
def listener(pki):
    """A function that serves one TLS connection with a handler; returns how to dial it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pki / "ext.crt", pki / "ext.key")
    threads, sockets = [], []

    def listen(handler):
        server = socket.create_server(("127.0.0.1", 0))
        sockets.append(server)

        def serve():
            raw, _ = server.accept()
            raw.settimeout(60)
            with raw, contextlib.suppress(OSError), context.wrap_socket(raw, server_side=True) as sock:
                handler(sock)  # the client leaves when it wants

        threads.append(threading.Thread(target=serve))
        threads[-1].start()
        target = Target((server.getsockname(),), "ext.default.svc")
        spec = {"insecureSkipTLSVerify": True}
        return lambda: Dialler(pki).dial(spec, target)

    yield listen
    for thread in threads:
        thread.join(60)
    for server in sockets:
        server.close()


def call(path="/apis/g/v/things", method="GET", takeover=None, query=None, **headers):
    return SimpleNamespace(
        method=method, path=path, query=query or {}, headers=headers, user=User("jane", ("dev",)),
        raw_body=lambda: b"", takeover=takeover,
    )  # fmt: skip


def head(sock):
    data = b""
    while b"\r\n\r\n" not in data:
        data += sock.recv(65536)
    return data


class Client:
    """The client's side of a connection taken over."""

    def __init__(self):
        self.near, self.far = socket.socketpair()
        self.far.settimeout(60)

    def takeover(self, said):
        self.near.sendall(said)
        return self.near


@pytest.mark.parametrize("code", [b"301", b"302", b"307", b"308"])
@pytest.mark.parametrize("headers", [{}, {"upgrade": "websocket"}])
def test_a_redirect_of_an_extension_server_leads_nowhere(listener, code, headers):
    def serve(sock):
        head(sock)
        sock.sendall(b"HTTP/1.1 %b Moved\r\nLocation: https://elsewhere/\r\nContent-Length: 0\r\n\r\n" % code)

    taken = []
    with pytest.raises(BadGateway, match="attempted to redirect this request, which is not permitted"):
        proxying.hand_on(call(takeover=taken.append, **headers), listener(serve), HOST, lambda: None)
    assert taken == []


def test_what_a_connection_names_is_not_passed_back(listener):
    def serve(sock):
        assert b"x-hop" not in head(sock).lower()
        sock.sendall(b"HTTP/1.1 200 OK\r\nConnection: X-Own\r\nX-Own: 1\r\nX-Kept: 1\r\nContent-Length: 0\r\n\r\n")

    asked = call(**{"connection": "x-hop", "x-hop": "1"})
    answer = proxying.hand_on(asked, listener(serve), HOST, lambda: None)

    assert [name for name, _ in answer.headers] == ["X-Kept"]


def test_an_upgrade_passes_bytes_both_ways(listener):
    def echo(sock):
        assert b"Upgrade: websocket\r\n" in head(sock)
        sock.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\nhello")
        sock.sendall(sock.recv(100).upper())
        sock.recv(1)

    client, done = Client(), []
    asked = call(takeover=client.takeover, upgrade="websocket", connection="Upgrade")
    thread = threading.Thread(target=proxying.hand_on, args=(asked, listener(echo), HOST, lambda: done.append(1)))
    thread.start()

    assert b"101" in client.far.recv(1000)
    client.far.sendall(b"abc")
    said = b""
    while b"ABC" not in said:
        said += client.far.recv(100)
    client.far.close()
    thread.join(60)
    assert (done, thread.is_alive()) == ([1], False)


def test_a_refused_upgrade_is_handed_back(listener):
    def refuse(sock):
        head(sock)
        sock.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno")

    client = Client()
    asked = call(takeover=client.takeover, upgrade="websocket")
    proxying.hand_on(asked, listener(refuse), HOST, lambda: None)

    said = b""
    while data := client.far.recv(1000):
        said += data
    client.far.close()
    assert said.startswith(b"HTTP/1.1 403")
    assert said.endswith(b"no")


def test_a_server_that_breaks_off_is_said(listener):
    with pytest.raises(ServiceUnavailable, match="error trying to reach service"):
        proxying.hand_on(call(), listener(lambda sock: head(sock)), HOST, lambda: None)


def test_a_server_that_does_not_shake_hands_is_not_there(pki, monkeypatch):
    monkeypatch.setattr(connecting, "CONNECT_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as server:
        target = Target((server.getsockname(),), "ext.default.svc")

        with pytest.raises(ServiceUnavailable, match="the server does not answer in time"):
            proxying.hand_on(call(), lambda: Dialler(pki).dial({}, target), HOST, lambda: None)


def test_a_server_that_says_nothing_costs_its_time_only(listener, monkeypatch):
    monkeypatch.setattr(proxying, "ANSWER_SECONDS", 0.05)
    ended, done = threading.Event(), []

    with pytest.raises(Timeout):
        proxying.hand_on(call(), listener(lambda sock: ended.wait(60)), HOST, lambda: done.append(1))
    ended.set()
    assert done == [1]


def test_a_watch_can_be_silent_and_is_ended_from_outside(listener):
    ended, done = threading.Event(), []

    def silent(sock):
        head(sock)
        sock.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n")
        ended.wait(60)

    answer = proxying.hand_on(call(query={"watch": ["1"]}), listener(silent), HOST, lambda: done.append(1))
    body = answer.body
    assert next(body) == b"hi"
    assert body._sock.gettimeout() is None  # however long nothing comes
    assert done == []
    threading.Timer(0.2, body.cancel).start()

    with pytest.raises((ConnectionError, StopIteration)):  # the end comes while it waits
        next(body)
    body.close()
    ended.set()
    assert done == [1]


@pytest.mark.parametrize(
    ("query", "path", "lasting"),
    [
        ({"watch": ["true"]}, "/x", True), ({"watch": ["0"]}, "/x", False), ({"follow": ["1"]}, "/x", True),
        ({}, "/apis/g/v/watch/things", True), ({}, "/x", False),
    ],
)  # fmt: skip
def test_what_may_last_is_known_by_its_query(query, path, lasting):
    assert proxying.is_lasting(call(path, query=query)) is lasting


def test_a_callers_name_cannot_break_out_of_its_header():
    headers = identity(User("jane\r\nX-Remote-Group: system:masters", ("a\nb", "c"), "u", {"k\r\ney": ("v",)}))

    assert headers == [("X-Remote-Uid", "u"), ("X-Remote-Group", "c"), ("X-Remote-Extra-k%0D%0Aey", "v")]


def test_names_are_utf_8_on_the_wire():
    ((_, value),) = identity(User("zoë€"))

    assert value.encode("latin-1").decode() == "zoë€"


def test_a_clients_own_header_is_utf_8_on_the_wire():
    headers = dict(proxying.headers_for(call(**{"x-note": "zoë€"}), HOST))

    assert headers["x-note"].encode("latin-1").decode() == "zoë€"
