"""Bodies as objects, by media type: JSON, YAML and Kubernetes' protobuf. Knows no kind.

``schemas`` reads a body as an object of one kind.
"""

from __future__ import annotations

from typing import Any

from sampan.contracts.kinds import Object
from sampan.errors import UnsupportedMediaType
from sampan_machinery import yamlin
from sampan_machinery.protobuf import decoding as protobuf
from sampan_machinery.schema.schemas import decode_free

JSON_TYPES = frozenset({"application/json", "*/*", ""})
YAML_TYPES = frozenset({"application/yaml", "application/x-yaml", "text/yaml"})
PROTOBUF = "application/vnd.kubernetes.protobuf"


def decode_body(data: bytes, media: str) -> Object:
    """A body of whatever kind, as it is. Raises BadRequest or UnsupportedMediaType."""
    if media in JSON_TYPES:
        return decode_free(data, "object")
    if media in YAML_TYPES:
        return yamlin.decode(data)
    if media == PROTOBUF:
        return protobuf.decode(data)
    raise unsupported("application/json", "application/yaml", PROTOBUF)


def duplicates(data: bytes, media: str) -> list[str]:
    """What strict field validation says of keys given twice in a YAML body; [] for other media types."""
    return yamlin.duplicates(data) if media in YAML_TYPES else []


def unsupported(*accepted: Any) -> UnsupportedMediaType:
    return UnsupportedMediaType(
        "the body of the request was in an unknown format - accepted media types include: " + ", ".join(accepted)
    )
