from __future__ import annotations

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sampan_client.streams import Lines, Piece, SocketStream

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


def fed(data, sizes, longest=0):
    lines, found, at = Lines(longest), [], 0
    for size in [*sizes, len(data)]:
        if not lines.ended:
            found += lines.feed(data[at : at + size])
            at += size
    return found


@given(st.lists(st.integers(1, 60), max_size=40))
def test_lines_are_the_same_however_they_come(sizes):
    text = b"one\n" + b"x" * 25 + b"\n" + b"y" * 30 + b"\n\nlast"
    data = HEAD + chunk(text[:20]) + chunk(text[20:]) + chunk(b"")

    assert fed(data, sizes) == [b"one", b"x" * 25, b"y" * 30, b"last"]


@given(st.lists(st.integers(1, 60), max_size=40))
def test_a_long_line_is_cut_at_the_same_places_however_it_comes(sizes):
    text = b"0123456789\n" + b"x" * 25 + b"\n" + b"y" * 30 + b"\nshort\n" + b"z" * 11
    data = HEAD + chunk(text[:20]) + chunk(text[20:]) + chunk(b"")

    found = fed(data, sizes, longest=10)

    assert found == [
        b"0123456789", b"x" * 10, b"x" * 10, b"x" * 5, b"y" * 10, b"y" * 10, b"y" * 10, b"short", b"z" * 10, b"z",
    ]  # fmt: skip
    assert [isinstance(part, Piece) for part in found] == [
        False, True, True, False, True, True, False, False, True, False,
    ]  # fmt: skip


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    yield ours, theirs
    theirs.close()


def test_reading_can_stop_before_all_that_is_there(pair):
    ours, theirs = pair
    stream = SocketStream(ours)
    theirs.sendall(HEAD + b"".join(chunk(b"line %d\n" % n * 2000) for n in range(8)))
    found = first = stream.read(0, 1)
    while more := stream.read(0, 1):
        found = found + more

    assert 0 < len(first) < len(found) == 16_000
    stream.close()
