"""Decodes bodies in ``application/vnd.kubernetes.protobuf`` to dicts, by a table of field numbers.

kubectl and helm send typed creates and deletes this way and fail on a 415. ``encoding`` writes it. Unknown fields are
skipped, as Go does. ``Schemas.prune`` checks whether the values fit the kind; this module knows only the wire format.
Source: protobuf encoding guide; apimachinery runtime/generated.proto (Unknown) and serializer/protobuf.
"""

from __future__ import annotations

import base64
import datetime
import math
import struct
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from sampan.errors import BadRequest
from sampan_machinery.protobuf.table import EXTENSIONS, MACHINERY, MAGIC, MEDIA_TYPE, META, fields, message_of

__all__ = ["MAGIC", "MEDIA_TYPE", "decode"]

Object = dict[str, Any]

#: Depth of nested messages; JSONSchemaProps is the only deeply nested type.
MAX_DEPTH = 150
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_WIRE = {"s": _BYTES, "B": _BYTES, "b": _VARINT, "i": _VARINT, "u": _VARINT, "d": _FIXED64}
_ZERO_TIME = -62135596800  # Go's zero time, year 1


def decode(body: bytes) -> Object:
    """The object of a body, with apiVersion and kind from its envelope. Raises only BadRequest."""
    if not body.startswith(MAGIC):
        raise BadRequest("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]")
    try:
        api_version, kind, raw = _envelope(body[len(MAGIC) :])
        message = message_of(api_version, kind)
        if not message:
            raise BadRequest(f'no kind "{kind}" is registered for version "{api_version}"')
        return {"apiVersion": api_version, "kind": kind, **_message(message, raw, 0)}
    except _Malformed as error:
        raise BadRequest(f"the body is not a readable protobuf object: {error}") from None
    except UnicodeDecodeError:
        raise BadRequest("the body is not a readable protobuf object: a string is not UTF-8") from None


class _Malformed(Exception):
    """The bytes violate the wire format or do not fit the message. Not raised to callers."""


def _envelope(body: bytes) -> tuple[str, str, bytes]:
    """apiVersion, kind and the bytes of the object in a runtime.Unknown."""
    api_version = kind = ""
    raw = b""
    for number, wire, value in _fields(body):
        if number > 4:
            continue
        _expect(wire, _BYTES)
        if number == 1:
            meta = {n: _text(w, v) for n, w, v in _fields(value) if n in {1, 2}}
            api_version, kind = meta.get(1, ""), meta.get(2, "")
        elif number == 2:
            raw = value
        elif number == 3 and value:
            raise _Malformed("an encoded payload is not supported")
    if not api_version or not kind:
        raise _Malformed("apiVersion or kind is missing")
    return api_version, kind, raw


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data):
            raise _Malformed("truncated")
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value & 0xFFFFFFFFFFFFFFFF, at
        shift += 7
        if shift > 63:
            raise _Malformed("a number is longer than ten bytes")


def _fields(data: bytes) -> Iterator[tuple[int, int, Any]]:
    """Field number, wire type and raw value (int or bytes) of each field."""
    at, end = 0, len(data)
    while at < end:
        tag, at = _varint(data, at)
        number, wire = tag >> 3, tag & 7
        if not 0 < number < 1 << 29:
            raise _Malformed(f"field number {number}")
        if wire == _VARINT:
            value, at = _varint(data, at)
            yield number, wire, value
            continue
        if wire == _BYTES:
            size, at = _varint(data, at)
        elif wire in {_FIXED64, _FIXED32}:
            size = 8 if wire == _FIXED64 else 4
        else:
            raise _Malformed(f"wire type {wire}")
        if size > end - at:
            raise _Malformed("truncated")
        yield number, wire, data[at : at + size]
        at += size


def _expect(wire: int, wanted: int) -> None:
    if wire != wanted:
        raise _Malformed(f"wire type {wire} where {wanted} belongs")


def _text(wire: int, value: Any) -> str:
    _expect(wire, _BYTES)
    return str(value, "utf-8")


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


def _message(name: str, data: bytes, depth: int) -> Object:
    if depth > MAX_DEPTH:
        raise _Malformed("exceeded max depth")
    known = fields(name)
    found: Object = {}
    for number, wire, raw in _fields(data):
        field = known.get(number)
        if field is None:
            continue
        json, type_, omit_zero = field
        if json == "-":
            continue
        if isinstance(type_, list):
            _collect(found, json, type_, wire, raw, depth)
            continue
        value = _value(type_, wire, raw, depth)
        if not json:
            found.update(value)
        elif value is not None and not (omit_zero and (value == "" or value is False or _is_zero(value))):
            found[json] = value
    return found


def _is_zero(value: Any) -> bool:
    return isinstance(value, int | float) and value == 0


def _collect(found: Object, json: str, type_: list[Any], wire: int, raw: Any, depth: int) -> None:
    """Add one occurrence of a list or map field."""
    if type_[0] == "[]":
        target = found.setdefault(json, [])
        if wire == _BYTES and _WIRE.get(str(type_[1])) == _VARINT:
            target.extend(_packed(type_[1], raw))
        else:
            target.append(_value(type_[1], wire, raw, depth))
    elif type_[0] == "{}":
        key, value = _entry(type_[2], wire, raw, depth)
        found.setdefault(json, {})[key] = value
    else:
        found[json] = _wrapped_list(type_[1], wire, raw, depth)


def _packed(type_: str, data: bytes) -> Iterator[Any]:
    at = 0
    while at < len(data):
        value, at = _varint(data, at)
        yield _value(type_, _VARINT, value, 0)


def _entry(type_: Any, wire: int, raw: Any, depth: int) -> tuple[str, Any]:
    """One key and value of a map; zero values if absent."""
    _expect(wire, _BYTES)
    key, value = "", None
    for number, inner, part in _fields(raw):
        if number == 1:
            key = _text(inner, part)
        elif number == 2:
            value = (
                _wrapped_list(type_[1], inner, part, depth)
                if isinstance(type_, list)
                else _value(type_, inner, part, depth)
            )
    if value is None:
        value = (
            []
            if isinstance(type_, list)
            else {"s": "", "B": "", "b": False, "d": 0.0}.get(
                type_, 0 if type_ in _WIRE else _value(type_, _BYTES, b"", depth)
            )
        )
    return key, value


def _wrapped_list(type_: Any, wire: int, raw: Any, depth: int) -> list[Any]:
    """Lists with their own message: ExtraValue, Verbs."""
    _expect(wire, _BYTES)
    return [_value(type_, inner, part, depth + 1) for number, inner, part in _fields(raw) if number == 1]


def _value(type_: str, wire: int, raw: Any, depth: int) -> Any:
    _expect(wire, _WIRE.get(type_, _BYTES))
    if type_ == "s":
        return str(raw, "utf-8")
    if type_ == "i":
        return _signed(raw)
    if type_ == "b":
        return raw != 0
    if type_ == "u":
        return raw
    if type_ == "B":
        return str(base64.b64encode(raw), "ascii")
    if type_ == "d":
        return _finite(raw)
    special = _SPECIAL.get(type_)
    return special(raw, depth) if special else _message(type_, raw, depth + 1)


def _finite(raw: bytes) -> float:
    value: float = struct.unpack("<d", raw)[0]
    if not math.isfinite(value):
        raise _Malformed("a number is not finite")
    return value


def _by_number(data: bytes, wires: dict[int, int]) -> dict[int, Any]:
    """The last value of each of these fields."""
    found = {}
    for number, wire, value in _fields(data):
        if number in wires:
            _expect(wire, wires[number])
            found[number] = value
    return found


def _quantity(data: bytes, depth: int) -> str:
    return str(_by_number(data, {1: _BYTES}).get(1, b""), "utf-8") or "0"


def _int_or_string(data: bytes, depth: int) -> int | str:
    found = _by_number(data, {1: _VARINT, 2: _VARINT, 3: _BYTES})
    return str(found.get(3, b""), "utf-8") if found.get(1) else _signed(found.get(2, 0))


def _moment(data: bytes) -> datetime.datetime | None:
    found = _by_number(data, {1: _VARINT, 2: _VARINT})
    seconds, nanos = _signed(found.get(1, 0)), _signed(found.get(2, 0))
    if not data or seconds == _ZERO_TIME:
        return None
    try:
        base = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds)
        return base + datetime.timedelta(microseconds=nanos // 1000)
    except OverflowError:
        raise _Malformed("a time is out of range") from None


def _time(data: bytes, depth: int) -> str | None:
    moment = _moment(data)
    return moment.isoformat(timespec="seconds") + "Z" if moment else None


def _microtime(data: bytes, depth: int) -> str | None:
    moment = _moment(data)
    return moment.isoformat(timespec="microseconds") + "Z" if moment else None


def _json(data: bytes, depth: int) -> Any:
    text = _by_number(data, {1: _BYTES}).get(1)
    if not text:
        return None
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise _Malformed("an embedded value is not JSON") from None


def _one_of(data: bytes, depth: int, *, schema: int, other: Callable[[bytes], Any]) -> Any:
    """A schema if field ``schema`` is set, else the result of ``other``: JSONSchemaPropsOrBool and similar types."""
    found = _by_number(data, {schema: _BYTES})
    if schema in found:
        return _message(f"{EXTENSIONS}v1.JSONSchemaProps", found[schema], depth + 1)
    return other(data)


def _or_bool(data: bytes, depth: int) -> Any:
    return _one_of(data, depth, schema=2, other=lambda raw: bool(_by_number(raw, {1: _VARINT}).get(1, 0)))


def _or_array(data: bytes, depth: int) -> Any:
    def many(raw: bytes) -> list[Any]:
        parts = [(wire, part) for number, wire, part in _fields(raw) if number == 2]
        return [_value(f"{EXTENSIONS}v1.JSONSchemaProps", wire, part, depth) for wire, part in parts]

    return _one_of(data, depth, schema=1, other=many)


def _or_strings(data: bytes, depth: int) -> Any:
    def many(raw: bytes) -> list[str]:
        return [_text(wire, part) for number, wire, part in _fields(raw) if number == 2]

    return _one_of(data, depth, schema=1, other=many)


_SPECIAL: dict[str, Callable[[bytes, int], Any]] = {
    MACHINERY + "api/resource.Quantity": _quantity,
    MACHINERY + "util/intstr.IntOrString": _int_or_string,
    META + "Time": _time,
    META + "MicroTime": _microtime,
    META + "FieldsV1": _json,
    MACHINERY + "runtime.RawExtension": _json,
    EXTENSIONS + "v1.JSON": _json,
    EXTENSIONS + "v1.JSONSchemaPropsOrBool": _or_bool,
    EXTENSIONS + "v1.JSONSchemaPropsOrArray": _or_array,
    EXTENSIONS + "v1.JSONSchemaPropsOrStringArray": _or_strings,
}
