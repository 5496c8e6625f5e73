"""Reading the body of a server-side apply: the applied configuration."""

from __future__ import annotations

from sampan.contracts.kinds import Kind, Object
from sampan.errors import BadRequest
from sampan_machinery import yamlin
from sampan_machinery.kindschema.strictness import IGNORE, judged
from sampan_machinery.schema.scalars import json_type


def _decoded(data: bytes, strictness: str) -> tuple[Object, list[str]]:
    """The document, and what is given twice in it. Nothing is an empty configuration."""
    try:
        return yamlin.decode(data), [] if strictness == IGNORE else yamlin.duplicates(data)
    except yamlin.NoMap as error:
        if error.value is None:
            return {}, []
        why = f"json: cannot unmarshal {json_type(error.value)} into Go value of type map[string]interface {{}}"
        raise BadRequest(f"error decoding YAML: error unmarshaling JSON: while decoding JSON: {why}") from None


def read(kind: Kind, data: bytes, strictness: str) -> tuple[Object, list[str]]:
    """The applied configuration, JSON or YAML, and warnings; raises BadRequest. Fields without a type are ``apply``'s
    to refuse."""
    found, twice = _decoded(data, strictness)
    warnings = judged(twice, strictness, kind)
    version, name = (each if isinstance(each, str) else "" for each in (found.get("apiVersion"), found.get("kind")))
    if (version, name) != (kind.api_version, kind.kind):
        raise BadRequest(f"invalid object type: {version if '/' in version else '/' + version}, Kind={name}")
    if not isinstance(found.setdefault("metadata", {}), dict):
        raise BadRequest("metadata must be an object")
    return found, warnings
