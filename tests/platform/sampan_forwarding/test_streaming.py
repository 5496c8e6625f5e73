"""A body that comes from another server, from its first byte to the one call when it is over."""

from __future__ import annotations

import http.client
import socket
import threading
import time

import pytest

from sampan_forwarding.streaming import HEAD_BYTES, StreamedBody, read_head

SOON = 60.0


@pytest.fixture
def ends():
    near, far = socket.socketpair()
    near.settimeout(SOON)
    yield near, far
    near.close()
    far.close()


def body(near, far, answer, until=None):
    """The body of the answer, and how often it was said to be over."""
    far.sendall(answer)
    connection = http.client.HTTPConnection("other")
    connection.sock = near
    connection.putrequest("GET", "/")
    connection.endheaders()
    over = []
    return StreamedBody(near, connection.getresponse(), until, lambda: over.append(1), who="the other server"), over


def test_the_whole_body_comes_and_its_end_is_told_once(ends):
    found, over = body(*ends, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")

    assert b"".join(found) == b"hello"
    found.close()
    assert over == [1]
    assert ends[0].fileno() == -1


def test_a_body_that_breaks_off_is_an_error_that_names_the_server(ends):
    found, over = body(*ends, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno number\r\n")

    with pytest.raises(ConnectionError, match="the other server broke its answer off"):
        next(found)
    found.close()
    assert over == [1]


def test_the_time_for_the_whole_body_is_limited(ends):
    found, over = body(*ends, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe", until=time.monotonic() - 1)

    with pytest.raises(TimeoutError, match="the other server took too long"):
        next(found)
    found.close()
    assert over == [1]


def test_another_thread_ends_what_waits(ends):
    found, over = body(*ends, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe", until=time.monotonic() + SOON)
    assert next(found) == b"he"

    threading.Timer(0.05, found.cancel).start()

    assert list(found) == []  # the connection has ended, whatever was promised
    assert over == [1]


def test_a_head_is_read_with_what_has_come_of_the_body(ends):
    near, far = ends
    far.sendall(b"HTTP/1.1 101 Switching Protocols\r\n\r\nmore")

    assert read_head(near, "the other server") == b"HTTP/1.1 101 Switching Protocols\r\n\r\nmore"


def test_a_head_that_does_not_end_is_an_error_that_names_the_server(ends):
    near, far = ends
    sending = threading.Thread(target=lambda: (far.sendall(b"x" * (HEAD_BYTES + 2)), far.close()))
    sending.start()

    with pytest.raises(ConnectionError, match="the other server ended the conversation"):
        read_head(near, "the other server")
    sending.join(SOON)
