"""Continue tokens: where the next page of a list begins. Opaque to clients; no secret in them."""

from __future__ import annotations

import base64
import binascii
from typing import NamedTuple

import msgspec

from sampan.errors import BadRequest


class Token(NamedTuple):
    """``revision`` 0: go on after the key with what is there now (the inconsistent token of a 410)."""

    revision: int
    key: str  # relative to the list's scope


class _Wire(msgspec.Struct):
    v: str
    rv: int
    start: str


_decode = msgspec.json.Decoder(_Wire).decode


def pack(revision: int, key: str) -> str:
    wire = msgspec.json.encode(_Wire("meta.k8s.io/v1", revision, key))
    return base64.urlsafe_b64encode(wire).decode().rstrip("=")


def unpack(text: str) -> Token:
    """Raises BadRequest for what this server never made."""
    try:
        wire = _decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise BadRequest(f"invalid continue token: continue key is not valid: {error}") from error
    if wire.rv < 0 or wire.v != "meta.k8s.io/v1" or ".." in wire.start or not wire.start:
        raise BadRequest("invalid continue token: continue key is not valid: the token was not made by this server")
    return Token(wire.rv, wire.start)
