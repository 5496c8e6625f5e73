from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sampan_etcd.wire import MalformedMessage, block, fields, number, varint


@given(st.integers(0, 2**64 - 1))
def test_a_number_is_read_as_it_was_written(value):
    assert list(fields(number(5, value))) == ([(5, value, 0)] if value else [])


def test_a_negative_number_takes_ten_bytes():
    assert varint(-1) == b"\xff" * 9 + b"\x01"


@given(st.lists(st.tuples(st.integers(1, 500), st.binary(max_size=300))))
def test_blocks_are_read_as_they_were_written(blocks):
    data = b"".join(block(field, content) for field, content in blocks)

    assert [(field, data[start:end]) for field, start, end in fields(data)] == blocks


@given(st.binary(max_size=60))
def test_no_bytes_do_more_than_raise(data):
    with contextlib.suppress(MalformedMessage):
        list(fields(data))


@pytest.mark.parametrize("data", [b"\x0a\x05ab", b"\x08", b"\x08\xff", b"\x0b", b"\x08" + b"\xff" * 11])
def test_what_ends_too_early_or_is_no_message_is_garbled(data):
    with pytest.raises(MalformedMessage):
        list(fields(data))


def test_fixed_numbers_are_passed_over():
    assert list(fields(b"\x09" + b"\0" * 8 + b"\x15" + b"\0" * 4 + number(3, 7))) == [(3, 7, 0)]
