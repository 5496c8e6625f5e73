from __future__ import annotations

import socket
import threading
from types import SimpleNamespace

import pytest

from sampan.errors import BadGateway, BadRequest, ServiceUnavailable
from sampan_forwarding.forwarding import forward

SOON = 60.0


class Client:
    """The client's side of a connection taken over."""

    def __init__(self):
        self.near, self.far = socket.socketpair()
        self.far.settimeout(SOON)

    def takeover(self, head):
        self.near.sendall(head)
        return self.near


@pytest.fixture
def client():
    made = Client()
    yield made
    made.near.close()
    made.far.close()


@pytest.fixture
def backend():
    """A function: the port of a server that gives one connection to a handler."""
    threads, sockets = [], []

    def listen(handler):
        server = socket.create_server(("127.0.0.1", 0))
        sockets.append(server)

        def serve():
            sock, _ = server.accept()
            with sock:
                sock.settimeout(SOON)
                handler(sock)

        threads.append(threading.Thread(target=serve))
        threads[-1].start()
        return server.getsockname()[1]

    yield listen
    for thread in threads:
        thread.join(SOON)
    for each in sockets:
        each.close()


def call(client, method="GET", **headers):
    return SimpleNamespace(
        method=method, path="/api/v1/namespaces/d/pods/p/proxy/ws", rest="/ws", query={"a": ["b c"]},
        headers={"upgrade": "websocket", "connection": "Upgrade", **headers}, raw_body=lambda: b"",
        takeover=client.takeover,
    )  # fmt: skip


def read_until(sock, mark):
    data = b""
    while mark not in data and (more := sock.recv(65536)):
        data += more
    return data


def test_an_upgrade_is_asked_for_and_bytes_pass_both_ways(client, backend):
    heads = []

    def echo(sock):
        heads.append(read_until(sock, b"\r\n\r\n"))
        sock.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\nhello")
        sock.sendall(read_until(sock, b"abc").upper())
        read_until(sock, b"\0")  # until the other side ends

    port = backend(echo)
    asked = call(client, **{"sec-websocket-protocol": "v4.channel.k8s.io", "authorization": "Bearer secret"})
    answers = []
    thread = threading.Thread(target=lambda: answers.append(forward(asked, "http", "127.0.0.1", port)))
    thread.start()

    assert b"hello" in read_until(client.far, b"hello")
    client.far.sendall(b"abc")
    assert b"ABC" in read_until(client.far, b"ABC")
    client.far.close()
    thread.join(SOON)
    assert answers == [None]
    head = heads[0].decode()
    assert head.startswith(f"GET /ws?a=b+c HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n")
    assert "Connection: Upgrade\r\nUpgrade: websocket\r\n" in head
    assert "sec-websocket-protocol: v4.channel.k8s.io" in head
    assert "secret" not in head


def test_a_refusal_is_passed_on_whole(client, backend):
    def refuse(sock):
        read_until(sock, b"\r\n\r\n")
        sock.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno")

    forward(call(client), "http", "127.0.0.1", backend(refuse))

    said = read_until(client.far, b"\r\n\r\nno")
    assert said.startswith(b"HTTP/1.1 403")
    assert said.endswith(b"no")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\n\r\n", "redirect"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "invalid upgrade response: status code 200"),
    ],
)
def test_no_redirect_is_followed_and_an_answer_without_an_upgrade_is_an_error(client, backend, answer, words):
    def say(sock):
        read_until(sock, b"\r\n\r\n")
        sock.sendall(answer)

    with pytest.raises(BadGateway, match=words):
        forward(call(client), "http", "127.0.0.1", backend(say))


def test_what_cannot_be_reached_is_said(client, backend):
    with pytest.raises(ServiceUnavailable, match="error trying to reach"):
        forward(call(client), "http", "127.0.0.1", backend(lambda sock: None))
    with pytest.raises(BadRequest, match="address not allowed"):
        forward(call(client), "http", "169.254.169.254", 80)
