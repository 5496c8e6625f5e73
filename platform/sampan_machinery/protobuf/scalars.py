"""Values without fields of their own in protobuf: strings, numbers, times, quantities, embedded JSON.

Each as a field (tag, length where there is one, content) or as the content of one. Knows no kind. Source: protobuf
encoding guide; apimachinery's Time, MicroTime, Quantity and IntOrString.
"""

from __future__ import annotations

import base64
import datetime
import functools
import struct
from collections.abc import Callable
from typing import Any

import msgspec

from sampan_machinery.protobuf.table import EXTENSIONS, MACHINERY, META
from sampan_machinery.varints import ONE_BYTE, varint

Content = Callable[[Any], bytes]
#: Makes the function that encodes values as the field of this number.
Scalar = Callable[[int], Content]

VARINT, FIXED64, MANY = 0, 1, 2  # wire types
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_SECOND = datetime.timedelta(seconds=1)
_ZERO_TIME = -62135596800  # Go's zero time, year 1, which is no time at all

_encode_json = msgspec.json.Encoder().encode


def number(field: int, wire: int) -> bytes:
    """The tag of a field."""
    return varint(field << 3 | wire)


@functools.cache
def short_heads(tag: bytes) -> list[bytes]:
    """The tag with each length of one byte, by length: most contents are short."""
    return [tag + size for size in ONE_BYTE]


def nested(tag: bytes, data: bytes) -> bytes:
    size = len(data)
    return tag + ONE_BYTE[size] + data if size < 128 else b"".join((tag, varint(size), data))


def unit(field: int, value: bool) -> bytes:
    return number(field, VARINT) + (b"\x01" if value else b"\x00")


def _string(field: int) -> Content:
    tag = number(field, MANY)
    heads = short_heads(tag)

    def write(value: str) -> bytes:
        data = value.encode()
        size = len(data)
        return heads[size] + data if size < 128 else b"".join((tag, varint(size), data))

    return write


def _bytes(field: int) -> Content:
    tag = number(field, MANY)
    return lambda value: nested(tag, base64.b64decode(value))


def _bool(field: int) -> Content:
    false, true = unit(field, False), unit(field, True)
    return lambda value: true if value else false


def _integer(field: int) -> Content:
    tag = number(field, VARINT)
    heads = short_heads(tag)

    def write(value: int) -> bytes:
        if 0 <= value < 128:
            return heads[value]
        return tag + varint(value & 0xFFFFFFFFFFFFFFFF)  # a negative number takes ten bytes

    return write


def _double(field: int) -> Content:
    tag = number(field, FIXED64)
    return lambda value: tag + struct.pack("<d", value)


@functools.lru_cache(4096)
def _time(value: str) -> bytes:
    """Whole seconds: JSON has no more of a Time. Many objects have the same ones."""
    return _timestamp(value, fraction=False)


def _micro_time(value: str) -> bytes:
    return _timestamp(value, fraction=True)


def _timestamp(value: str, *, fraction: bool) -> bytes:
    if not value:
        return b""
    since = datetime.datetime.fromisoformat(value) - _EPOCH
    seconds = since // _SECOND
    if seconds == _ZERO_TIME:
        return b""
    nanos = (since % _SECOND).microseconds * 1000 if fraction else 0
    return b"".join((b"\x08", varint(seconds & 0xFFFFFFFFFFFFFFFF), b"\x10", varint(nanos)))


def _quantity(value: Any) -> bytes:
    return nested(b"\x0a", str(value).encode())


def _int_or_string(value: int | str) -> bytes:
    if isinstance(value, str):
        return b"\x08\x01\x10\x00" + nested(b"\x1a", value.encode())
    return b"".join((b"\x08\x00\x10", varint(value & 0xFFFFFFFFFFFFFFFF), b"\x1a\x00"))


def _json(value: Any) -> bytes:
    return nested(b"\x0a", _encode_json(value)) if value is not None else b""


SCALARS: dict[str, Scalar] = {
    "s": _string, "B": _bytes, "b": _bool, "i": _integer, "u": _integer, "d": _double,
}  # fmt: skip
#: Messages that are no objects in JSON.
CONTENTS: dict[str, Content] = {
    META + "Time": _time,
    META + "MicroTime": _micro_time,
    META + "FieldsV1": _json,
    MACHINERY + "api/resource.Quantity": _quantity,
    MACHINERY + "util/intstr.IntOrString": _int_or_string,
    MACHINERY + "runtime.RawExtension": _json,
    EXTENSIONS + "v1.JSON": _json,
}
#: What JSON would have of an empty value; of other types an object without fields.
ZEROS: dict[str, Any] = {
    "s": "", "B": "", "b": False, "i": 0, "u": 0, "d": 0.0,
    **dict.fromkeys(CONTENTS, None),
    META + "Time": "",
    META + "MicroTime": "",
    MACHINERY + "api/resource.Quantity": "0",
    MACHINERY + "util/intstr.IntOrString": 0,
}  # fmt: skip
