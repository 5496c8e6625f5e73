from __future__ import annotations

import contextlib
import socket
import threading
import time

import pytest

from sampan_client.bounded import BoundedReader, bounded_answers
from sampan_client.http import HttpTransport
from sampan_client.kubeconfig import Config


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    yield ours, theirs
    ours.close()
    theirs.close()


def test_a_body_that_is_too_long_is_not_read_to_its_end(pair):
    ours, theirs = pair
    theirs.sendall(b"x" * 1000)
    reader = BoundedReader(ours, time.monotonic() + 60, 100)

    with reader, pytest.raises(OSError, match="longer than 100 bytes"):
        reader.readall()


def test_after_the_deadline_nothing_is_read(pair):
    ours, theirs = pair
    theirs.sendall(b"x")
    reader = BoundedReader(ours, time.monotonic() - 1, 0)

    with reader, pytest.raises(TimeoutError, match="too long"):
        reader.read(1)


def test_an_answer_within_its_bounds_is_as_ever(pair):
    ours, theirs = pair
    theirs.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
    answer = bounded_answers(60, 1000)(ours, method="GET")
    answer.begin()

    assert answer.read() == b"hi"
    answer.close()


def answering(data: bytes) -> tuple[socket.socket, threading.Thread]:
    """A server that answers one request with these bytes and then says nothing more, with the connection open."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listening.accept()
        with connection, contextlib.suppress(OSError):  # the client gives up when it wants
            connection.recv(65536)
            connection.sendall(data)
            connection.recv(1)  # until the client gives up

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    return listening, thread


@pytest.mark.parametrize(
    ("data", "seconds", "words"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + b"x" * 500, 60, "longer than 200 bytes"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nx", 0.3, "timed out|too long"),
        (b"HTTP/1.1 200 OK\r\nX-Endless: ", 0.3, "timed out|too long"),
    ],
)
def test_a_server_beyond_its_bounds_counts_as_unreachable(data, seconds, words):
    listening, thread = answering(data)
    transport = HttpTransport(
        Config(server=f"http://127.0.0.1:{listening.getsockname()[1]}"), answer_seconds=seconds, most_bytes=200
    )
    try:
        with pytest.raises(ConnectionError, match=words):
            transport.send("POST", "/", {}, b"")
    finally:
        transport.close()
        thread.join(30)
        listening.close()
    assert not thread.is_alive()
