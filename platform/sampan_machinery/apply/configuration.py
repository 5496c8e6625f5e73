"""Reading the body of a server-side apply: the applied configuration."""

from __future__ import annotations

from sampan.contracts.kinds import Kind, Object
from sampan.errors import BadRequest
from sampan_machinery import yamlin
from sampan_machinery.kindschema.strictness import IGNORE, judged


def read(kind: Kind, data: bytes, strictness: str) -> tuple[Object, list[str]]:
    """The applied configuration, JSON or YAML, and warnings; raises BadRequest. Fields without a type are ``apply``'s
    to refuse."""
    found = yamlin.decode(data)
    twice = [] if strictness == IGNORE else yamlin.duplicates(data)
    warnings = judged(twice, strictness, kind)
    version, name = str(found.get("apiVersion") or ""), str(found.get("kind") or "")
    if (version, name) != (kind.api_version, kind.kind):
        raise BadRequest(f"invalid object type: {version if '/' in version else '/' + version}, Kind={name}")
    if not isinstance(found.setdefault("metadata", {}), dict):
        raise BadRequest("metadata must be an object")
    return found, warnings
