"""Responses in any pieces: lengths, chunks, up to the end; what is no HTTP is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sampan_webhookclient.responses import ResponseReader, Unreadable

LENGTH = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: y\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nTrailer: z\r\n\r\n"
CONTINUED = b"HTTP/1.1 100 Continue\r\n\r\n" + LENGTH
EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"


def read(data, size):
    reader = ResponseReader()
    found = [reader.feed(data[at : at + size]) for at in range(0, len(data), size)]
    assert found == [False] * (len(found) - 1) + [True]
    return reader


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
@pytest.mark.parametrize(
    ("data", "wanted"),
    [(LENGTH, (200, b"hello")), (CHUNKED, (200, b"hello")), (CONTINUED, (200, b"hello")), (EMPTY, (204, b""))],
)
def test_a_response_is_read_from_pieces_of_any_size(data, wanted, size):
    reader = read(data, size)

    assert reader.reply()[:2] == wanted
    assert reader.keeps


def test_a_body_without_a_length_ends_with_the_connection():
    reader = ResponseReader()

    assert not reader.feed(b"HTTP/1.1 200 OK\r\n\r\nhel")
    assert not reader.feed(b"lo")
    reader.end()

    assert reader.reply()[:2] == (200, b"hello")
    assert not reader.keeps


@pytest.mark.parametrize("line", [b"Connection: close\r\n", b"Connection: Close\r\n"])
def test_a_connection_that_the_server_closes_is_not_kept(line):
    assert not read(LENGTH.replace(b"X: y\r\n", line), 1000).keeps
    assert not read(LENGTH.replace(b"1.1", b"1.0"), 1000).keeps


@pytest.mark.parametrize(
    "data",
    [
        b"nonsense\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", b"x" * 70_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1" * 70_000,
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (17 << 20),
    ],
)  # fmt: skip
def test_what_is_no_response_or_too_large_is_refused(data):
    with pytest.raises(Unreadable):
        ResponseReader().feed(data)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "EOF"),
        (b"HTTP/1.1 2", "unexpected EOF"),
        (LENGTH[:-1], "unexpected EOF"),
        (CHUNKED[:-5], "unexpected EOF"),
    ],
)
def test_an_end_too_early_is_told(data, words):
    reader = ResponseReader()
    reader.feed(data)

    with pytest.raises(Unreadable, match=f"^{words}$"):
        reader.end()


PIECES = st.lists(
    st.sampled_from((LENGTH, CHUNKED, EMPTY, b"\r\n", b"HTTP/1.1 200 OK\r\n", b"5\r\n")) | st.binary(max_size=20)
)


@given(pieces=PIECES)
def test_whatever_comes_is_read_or_refused(pieces):
    reader = ResponseReader()
    try:
        for piece in pieces:
            if reader.feed(piece):
                break
        else:
            reader.end()
    except Unreadable:
        return
    assert 200 <= reader.reply().status <= 999
