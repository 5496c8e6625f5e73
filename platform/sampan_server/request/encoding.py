"""How an object is written down: key order, the empty resourceVersion first, and what selectors need beside it.

The stored form is a contract with the watch cache (``cache.records``). Knows no HTTP.
"""

from __future__ import annotations

import msgspec

from sampan.contracts.kinds import Object
from sampan.contracts.store import Put
from sampan_machinery.encoding import encode
from sampan_server.cache.cache import Cache
from sampan_server.registry import Served

encode_json = msgspec.json.Encoder().encode
decode_json = msgspec.json.Decoder().decode


def put(served: Served, cache: Cache, key: str, obj: Object, expect: int | None) -> Put:
    """The operation that stores the object; tells the cache what the value holds. ``obj`` is of the working version."""
    kind = served.stored
    obj = served.to_store(obj)
    value = encode(obj, kind.api_version, kind.kind)
    labels = obj["metadata"].get("labels") or {}
    fields = {label: getter(obj) for label, getter in kind.fields.items()} if kind.fields else {}
    cache.expect(key, value, labels, fields, complete=served.kind is kind)
    return Put(key, value, expect, kind.ttl)
