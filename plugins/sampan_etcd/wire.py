"""Protobuf's wire format: fields to bytes, and bytes to fields. Knows no message.

Source: protobuf encoding guide. Only what etcd's messages use: varints and length-delimited fields; others are passed
over when read.
"""

from __future__ import annotations

from collections.abc import Iterator

from sampan_machinery import varints

_SIZES = {1: 8, 5: 4}  # of the fixed wire types
_MASK = (1 << 64) - 1


class MalformedMessage(ValueError):
    """The bytes are no message."""


def varint(number: int) -> bytes:
    return varints.varint(number if number >= 0 else number & _MASK)  # two's complement, as protobuf has negative ones


def number(field: int, value: int) -> bytes:
    """A numeric field; nothing for 0, which is what absence means."""
    return varint(field << 3) + varint(value) if value else b""


def block(field: int, value: bytes) -> bytes:
    """A field with bytes, a text or a message; also when empty, for an empty message is not an absent one."""
    return varint(field << 3 | 2) + varint(len(value)) + value


def fields(data: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int, int]]:
    """(field, value, 0) for numbers; (field, start, end) of the bytes for blocks, so that nothing is copied unasked."""
    place, end = start, len(data) if end is None else end
    try:
        while place < end:
            tag = data[place]
            place += 1
            if tag > 127:
                tag, place = _long(data, place, tag)
            kind = tag & 7
            if kind in _SIZES:
                place += _SIZES[kind]
                continue
            value = data[place]
            place += 1
            if value > 127:
                value, place = _long(data, place, value)
            if kind == 0:
                yield tag >> 3, value, 0
            elif kind == 2:
                yield tag >> 3, place, place + value
                place += value
            else:
                raise MalformedMessage(f"wire type {kind}")
    except IndexError:
        raise MalformedMessage("the bytes end too early") from None
    if place > end:
        raise MalformedMessage("the bytes end too early")


def _long(data: bytes, place: int, first: int) -> tuple[int, int]:
    """A varint of several bytes whose first one has been read."""
    value, shift = first & 127, 7
    while True:
        byte = data[place]
        place += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value & _MASK, place
        shift += 7
        if shift > 63:
            raise MalformedMessage("a number is too long")
