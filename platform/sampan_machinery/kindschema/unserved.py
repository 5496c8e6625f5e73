"""Bodies of kinds that need not be served (Scale, Binding, TokenRequest): read by the table where it has the kind."""

from __future__ import annotations

from sampan.contracts.kinds import Object
from sampan_machinery import media as bodies
from sampan_machinery import schema


def decode(group: str, version: str, kind: str, data: bytes, media: str) -> Object:
    """The object, pruned. Raises BadRequest or UnsupportedMediaType."""
    schemas = schema.load()
    if not schemas.has(group, version, kind):
        return bodies.decode_body(data, media)
    if media in bodies.JSON_TYPES:
        return schemas.decode(group, version, kind, data)
    return schemas.prune(group, version, kind, bodies.decode_body(data, media))
