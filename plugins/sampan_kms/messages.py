"""The messages of upstream's KMS v2 API, to bytes and back. Pure.

Source: k8s.io/kms/apis/v2/api.proto and protobuf's encoding guide. Written by hand: for four messages of texts and
bytes, generated code and protobuf's library would be more to load than this.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from sampan_machinery.varints import varint

_BLOCK = 2  # the wire type of texts, bytes and messages
_SIZES = {1: 8, 5: 4}


class Status(NamedTuple):
    version: str
    healthz: str
    key_id: str


class Encrypted(NamedTuple):
    ciphertext: bytes
    key_id: str
    annotations: Mapping[str, bytes]


def encrypt_request(plaintext: bytes, uid: str) -> bytes:
    return _field(1, plaintext) + _field(2, uid.encode())


def decrypt_request(ciphertext: bytes, uid: str, key_id: str, annotations: Mapping[str, bytes]) -> bytes:
    entries = (_field(4, _field(1, key.encode()) + _field(2, value)) for key, value in annotations.items())
    return _field(1, ciphertext) + _field(2, uid.encode()) + _field(3, key_id.encode()) + b"".join(entries)


def status_of(data: bytes) -> Status:
    """Raises ValueError, as those below."""
    found = {number: value.decode() for number, value in _fields(data)}
    return Status(found.get(1, ""), found.get(2, ""), found.get(3, ""))


def encrypted_of(data: bytes) -> Encrypted:
    ciphertext, key_id, annotations = b"", "", dict[str, bytes]()
    for number, value in _fields(data):
        if number == 1:
            ciphertext = value
        elif number == 2:
            key_id = value.decode()
        elif number == 3:
            entry = dict(_fields(value))
            annotations[entry.get(1, b"").decode()] = entry.get(2, b"")
    return Encrypted(ciphertext, key_id, annotations)


def plaintext_of(data: bytes) -> bytes:
    return dict(_fields(data)).get(1, b"")


def _field(number: int, value: bytes) -> bytes:
    """Nothing for what is empty, as absence means that."""
    return varint(number << 3 | _BLOCK) + varint(len(value)) + value if value else b""


def _fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The fields with bytes; others are passed over."""
    place = 0
    while place < len(data):
        tag, place = _number(data, place)
        kind = tag & 7
        if kind == 0:
            _, place = _number(data, place)
            continue
        if kind == _BLOCK:
            length, place = _number(data, place)
        elif kind in _SIZES:
            length = _SIZES[kind]
        else:
            raise ValueError(f"wire type {kind}")
        if place + length > len(data):
            raise ValueError("the message ends too early")
        if kind == _BLOCK:
            yield tag >> 3, data[place : place + length]
        place += length


def _number(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while place < len(data) and shift <= 63:
        byte = data[place]
        place += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, place
        shift += 7
    raise ValueError("the message ends too early")
