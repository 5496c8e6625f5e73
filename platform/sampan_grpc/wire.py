"""Protobuf's wire format by table: dicts to bytes and back. Knows no message.

A message is a mapping from a field's name to (number, type): ``str``, ``bytes``, ``int`` (of any size, enums too),
``bool``, ``map`` (of strings), the name of another message, or any of these in brackets where it is repeated. Source:
protobuf encoding guide.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sampan_machinery.varints import varint

Message = Mapping[str, tuple[int, str]]
Messages = Mapping[str, Message]

_FIXED = {1: 8, 5: 4}  # sizes of the fixed wire types
_MASK = (1 << 64) - 1
_LARGEST = 16 << 20  # bytes of a message; the limit of the servers that are called


class MalformedMessage(ValueError):
    """The bytes are no such message."""


def table(text: str) -> dict[str, Message]:
    """Lines ``Message: field=1 other=2:map more=3:[str]``; the type is ``str`` where none is said."""
    found: dict[str, Message] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        name, _, rest = line.partition(":")
        fields = (one.partition("=") for one in rest.split())
        found[name] = {
            field: (int(number.partition(":")[0]), number.partition(":")[2] or "str") for field, _, number in fields
        }
    return found


def encode(messages: Messages, name: str, value: Mapping[str, Any]) -> bytes:
    """Fields that are empty are left out, but messages that are there stay, even if nothing is in them."""
    found = bytearray()
    for field, content in value.items():
        number, kind = messages[name][field]
        if kind == "[int]":
            if content:
                found += _block(number, b"".join(varint(int(each) & _MASK) for each in content))
        elif kind.startswith("["):
            for each in content:
                found += _field(messages, number, kind[1:-1], each)
        elif content or (kind in messages and content is not None):
            found += _field(messages, number, kind, content)
    return bytes(found)


def _field(messages: Messages, number: int, kind: str, value: Any) -> bytes:
    if kind in ("int", "bool"):
        return varint(number << 3) + varint(int(value) & _MASK)
    if kind == "map":
        pairs = (_block(1, key.encode()) + _block(2, str(text).encode()) for key, text in sorted(value.items()))
        return b"".join(_block(number, pair) for pair in pairs)
    if kind == "bytes":
        return _block(number, value)
    return _block(number, value.encode() if kind == "str" else encode(messages, kind, value))


def _block(number: int, data: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(data)) + data


def decode(messages: Messages, name: str, data: bytes) -> dict[str, Any]:
    """Every field is there, with its default where the bytes do not have it (None for a message). Fields that are not
    known are passed over. Raises MalformedMessage."""
    if len(data) > _LARGEST:
        raise MalformedMessage(f"{name} has {len(data)} bytes, more than {_LARGEST}")
    found = {field: _default(kind) for field, (_, kind) in messages[name].items()}
    by_number = {number: (field, kind) for field, (number, kind) in messages[name].items()}
    for number, value in _fields(data):
        if number not in by_number:
            continue
        field, kind = by_number[number]
        if kind == "[int]" and isinstance(value, bytes):
            found[field] += _packed(value)
            continue
        one = _value(messages, kind.strip("[]"), value)
        if kind.startswith("["):
            found[field].append(one)
        elif kind == "map":
            found[field] |= one
        else:
            found[field] = one
    return found


def _default(kind: str) -> Any:
    if kind.startswith("["):
        return []
    return {"str": "", "bytes": b"", "int": 0, "bool": False, "map": {}}.get(kind)


def _packed(data: bytes) -> list[int]:
    found, place = [], 0
    while place < len(data):
        value, place = _read(data, place)
        found.append(_signed(value))
    return found


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


def _value(messages: Messages, kind: str, value: int | bytes) -> Any:
    if kind in ("int", "bool"):
        if not isinstance(value, int):
            raise MalformedMessage("a number was expected")
        return bool(value) if kind == "bool" else _signed(value)
    if isinstance(value, int):
        raise MalformedMessage("a number was not expected")
    if kind == "str":
        return _text(value)
    if kind == "bytes":
        return value
    if kind == "map":
        pair = {number: _text(part) for number, part in _fields(value) if isinstance(part, bytes)}
        return {pair.get(1, ""): pair.get(2, "")}
    return decode(messages, kind, value)


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise MalformedMessage(str(error)) from error


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    place = 0
    while place < len(data):
        tag, place = _read(data, place)
        kind = tag & 7
        if kind in _FIXED:
            place += _FIXED[kind]
            continue
        if kind not in (0, 2):
            raise MalformedMessage(f"wire type {kind}")
        value, place = _read(data, place)
        if kind == 0:
            yield tag >> 3, value
            continue
        if place + value > len(data):
            raise MalformedMessage("the bytes end too early")
        yield tag >> 3, data[place : place + value]
        place += value


def _read(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if place >= len(data) or shift > 63:
            raise MalformedMessage("the bytes end too early")
        byte = data[place]
        place += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value & _MASK, place
