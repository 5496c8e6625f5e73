from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sampan_logging.entries import Entry, Progress, Source, bodies, decode, encode


def test_an_entry_comes_back_as_it_was(source):
    one = Entry(source(labels={"a.b/c": "d"}), Progress(3, None, ended=True), [(1, 0, b"\xff\x00text")], "gap", 7)

    assert [decode(body) for _, body in bodies(encode(one))] == [one]


WHOLE = [encode(Entry(Source("d", "web", "uid", "node", "main"), Progress(0), [(n, 0, b"x" * n)])) for n in range(6)]


@given(st.integers(0, sum(map(len, WHOLE))))
def test_cut_at_any_byte_the_whole_ones_are_found_and_no_other(cut):
    data = b"".join(WHOLE)[:cut]

    found = list(bodies(data))

    sizes = [sum(map(len, WHOLE[: n + 1])) for n in range(len(WHOLE))]
    assert [at for at, _ in found] == [size for size in sizes if size <= cut]


@given(st.integers(0, sum(map(len, WHOLE)) - 1), st.integers(1, 255))
def test_a_rotten_byte_is_noticed(at, change):
    data = bytearray(b"".join(WHOLE))
    data[at] ^= change

    whole = sum(1 for n in range(len(WHOLE)) if sum(map(len, WHOLE[: n + 1])) <= at)
    assert len(list(bodies(bytes(data)))) == whole


def test_what_is_no_entry_is_refused():
    with pytest.raises(ValueError, match="not an entry"):
        decode(b"\xc1")
