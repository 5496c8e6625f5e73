"""Objects to ``application/vnd.kubernetes.protobuf`` as kubectl sends them, and back, by sampan's own table of fields.

Raises Unencodable for what has no form on the wire (a text where a number belongs).
"""

from __future__ import annotations

import base64
import datetime
import json
import struct
from typing import Any

from sampan.errors import BadRequest
from sampan_machinery.protobuf import decoding, table

MEDIA_TYPE = table.MEDIA_TYPE
_QUANTITY, _INT_OR_STRING = "api/resource.Quantity", "util/intstr.IntOrString"


class Unencodable(Exception):
    """The object cannot be said in protobuf."""


def encode(obj: dict[str, Any]) -> bytes:
    api_version, kind = obj["apiVersion"], obj["kind"]
    try:
        name = table.message_of(api_version, kind)
        if not name:
            raise Unencodable(f"{api_version} {kind} has no message")
        inner = {key: value for key, value in obj.items() if key not in ("apiVersion", "kind")}
        raw = _message(name, inner)
    except (TypeError, ValueError, AttributeError, struct.error) as error:
        raise Unencodable(str(error)) from error
    meta = _bytes(1, api_version.encode()) + _bytes(2, kind.encode())
    return table.MAGIC + _bytes(1, meta) + _bytes(2, raw)


def decode(body: bytes) -> Any:
    """The object in an answer, and a text where it is none."""
    try:
        return decoding.decode(body)
    except BadRequest as error:
        return f"{error.message}: {body[:200]!r}"


def _varint(value: int) -> bytes:
    value &= 0xFFFFFFFFFFFFFFFF
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    found.append(value)
    return bytes(found)


def _bytes(number: int, data: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _message(name: str, obj: dict[str, Any]) -> bytes:
    found = b""
    rest = dict(obj)
    for number, (key, type_, _) in sorted(table.fields(name).items()):
        if key == "-":
            continue
        if not key:  # an inlined struct: its fields are among ours
            found += _bytes(number, _message(str(type_), rest))
            continue
        if rest.get(key) is None:
            continue
        found += _field(number, type_, rest[key])
    return found


def _field(number: int, type_: Any, value: Any) -> bytes:
    if not isinstance(type_, list):
        return _one(number, type_, value)
    if type_[0] == "[]":
        if not isinstance(value, list):
            raise Unencodable("not a list")
        return b"".join(_one(number, type_[1], item) for item in value)
    if type_[0] == "{}":
        entries = (_one(1, "s", key) + _field(2, type_[2], item) for key, item in value.items())
        return b"".join(_bytes(number, entry) for entry in entries)
    return _bytes(number, b"".join(_one(1, type_[1], item) for item in value))


def _one(number: int, type_: str, value: Any) -> bytes:
    if type_ in ("i", "u", "b"):
        if not isinstance(value, int) or (type_ == "b") != isinstance(value, bool):
            raise Unencodable(f"{value!r} is no {type_}")
        return _varint(number << 3) + _varint(int(value))
    if type_ == "d":
        return _varint(number << 3 | 1) + struct.pack("<d", value)
    return _bytes(number, _data(type_, value))


def _data(type_: str, value: Any) -> bytes:
    if type_ == "s":
        return str.encode(value)
    if type_ == "B":
        return base64.b64decode(value, validate=True)
    short = type_.removeprefix(table.MACHINERY)
    if short == _QUANTITY:
        return _bytes(1, str(value).encode())
    if short == _INT_OR_STRING:
        if isinstance(value, str):
            return _varint(8) + _varint(1) + _bytes(3, value.encode())
        return _varint(8) + _varint(0) + _varint(16) + _varint(value)
    if short in ("apis/meta/v1.Time", "apis/meta/v1.MicroTime"):
        moment = datetime.datetime.fromisoformat(value)
        return _varint(8) + _varint(int(moment.timestamp())) + _varint(16) + _varint(moment.microsecond * 1000)
    if short in ("apis/meta/v1.FieldsV1", "runtime.RawExtension"):
        return _bytes(1, json.dumps(value).encode())
    if not isinstance(value, dict):
        raise Unencodable(f"{value!r} is no {type_}")
    return _message(type_, value)
