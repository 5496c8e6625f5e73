import pytest

from sampan_http.bodies import Chunked, Counted
from sampan_http.refusals import Refused

CHUNKS = b"3\r\nabc\r\n00A;x=y\r\n0123456789\r\n0\r\nDigest: z\r\n\r\n"


def feed(body, data, size):
    """The rest after the body, or None; fed in pieces of ``size``."""
    for at in range(0, len(data), size):
        rest = body.feed(data[at : at + size])
        if rest is not None:
            return rest + data[at + size :]
    return None


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_a_counted_body_ends_where_its_head_said(size):
    body = Counted(5, 100)

    assert feed(body, b"12345GET", size) == b"GET"
    assert body.whole() == b"12345"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_a_chunked_body_ends_after_its_trailers(size):
    body = Chunked(100)

    assert feed(body, CHUNKS + b"GET", size) == b"GET"
    assert body.whole() == b"abc0123456789"


@pytest.mark.parametrize("size", [1, 1000])
@pytest.mark.parametrize(
    "data",
    [
        b"3\nabc\r\n0\r\n\r\n",
        b"3\r\nabcd\r\n0\r\n\r\n",
        b"3\r\nabc\n0\r\n\r\n",
        b"0x3\r\nabc\r\n0\r\n\r\n",
        b"-3\r\nabc\r\n0\r\n\r\n",
        b" 3\r\nabc\r\n0\r\n\r\n",
        b"3 \r\nabc\r\n0\r\n\r\n",
        b"\r\nabc\r\n0\r\n\r\n",
        b"123456789\r\n",
        b"3;a\nb\r\nabc\r\n0\r\n\r\n",
        b"0\r\nA: b\nC: d\r\n\r\n",
        b"0\r\nGET / HTTP/1.1\r\n\r\n",
        b"3;" + b"x" * 300,
        b"0\r\nA: " + b"x" * 9000,
    ],
)
def test_doubtful_chunks_are_refused(data, size):
    with pytest.raises(Refused) as refused:
        feed(Chunked(100), data, size)

    assert refused.value.code == 400


def test_too_much_is_refused_before_it_has_come():
    with pytest.raises(Refused) as counted:
        Counted(101, 100)
    with pytest.raises(Refused) as chunked:
        Chunked(100).feed(b"60\r\n" + b"x" * 96 + b"\r\n5\r\n")

    assert counted.value.code == chunked.value.code == 413
