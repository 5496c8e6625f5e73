"""How an object is written down: key order, the empty resourceVersion first, and what selectors need beside it.

The stored form is a contract with the watch cache (``cache.records``). Knows no HTTP.
"""

from __future__ import annotations

from typing import Any

import msgspec

from sampan.apiserver.cache.cache import Cache
from sampan.apiserver.registry import Served
from sampan.contracts.kinds import Object
from sampan.contracts.store import Put

encode_json = msgspec.json.Encoder().encode
decode_json = msgspec.json.Decoder().decode
_FIRST = ("kind", "apiVersion", "metadata")


def encode(obj: Object, kind: str, api_version: str) -> bytes:
    """The stored bytes of an object."""
    meta = obj["metadata"]
    metadata = {"resourceVersion": ""}
    for key, value in meta.items():
        if key != "resourceVersion":
            metadata[key] = value
    ordered: dict[str, Any] = {"kind": kind, "apiVersion": api_version, "metadata": metadata}
    for key, value in obj.items():
        if key not in _FIRST:
            ordered[key] = value
    return encode_json(ordered)


def put(served: Served, cache: Cache, key: str, obj: Object, expect: int | None) -> Put:
    """The operation that stores the object; tells the cache what the value holds. ``obj`` is of the stored version."""
    kind = served.stored
    value = encode(obj, kind.kind, kind.api_version)
    labels = obj["metadata"].get("labels") or {}
    fields = {label: getter(obj) for label, getter in kind.fields.items()} if kind.fields else {}
    cache.expect(key, value, labels, fields)
    return Put(key, value, expect, kind.ttl)
