"""OpenAPI definitions of kinds with their own schema, in version 2 or 3.

OpenAPI 2 has no nullable, oneOf and so on, and its readers (kubectl's validation) must not refuse what the server
accepts. So those keywords are removed, and an object that keeps unknown fields is published without its fields.
Source: apiextensions-apiserver's OpenAPI builder (meaning only).
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Mapping
from typing import Any

from sampan.contracts.kinds import Kind
from sampan_machinery.kindschema import schema_of
from sampan_machinery.schema.table import Table
from sampan_machinery.structural.nodes import INT_OR_STRING, OBJECT_FIELDS, PRESERVE

Schema = dict[str, Any]

_NOT_IN_2 = frozenset({"nullable", "oneOf", "anyOf", "allOf", "not"})
_META = "io.k8s.apimachinery.pkg.apis.meta.v1."


def name_of(kind: Kind) -> str:
    """``org.example.v1.Website`` for Website of example.org/v1."""
    return ".".join([*reversed(kind.group.split(".")), kind.version, kind.kind])


def extended(table: Table, kinds: Iterable[Kind]) -> Table:
    """The table with the names of these kinds and their lists; their fields come from ``definition``."""
    own = [kind for kind in kinds if schema_of(kind).published is not None]
    if not own:
        return table
    types: dict[str, Any] = {}
    names: dict[str, str] = {}
    for kind in own:
        for more in ("", "List"):
            names[f"{kind.group}/{kind.version}/{kind.kind}{more}"] = name_of(kind) + more
            types[name_of(kind) + more] = {"fields": {}}
    return Table(table.version, ChainMap(types, dict(table.types)), ChainMap(names, dict(table.kinds)))


def definition(kind: Kind, openapi: int) -> Schema:
    """The schema of an object. The caller fills in its ``$ref``s, see REFERENCES."""
    published = schema_of(kind).published
    assert published is not None
    made = _translated(published, openapi)
    made["type"] = "object"
    made.setdefault("properties", {})
    return made


#: Fields of an object and of a list that refer to definitions of Kubernetes.
REFERENCES: Mapping[str, Mapping[str, str]] = {
    "": {"metadata": _META + "ObjectMeta"},
    "List": {"metadata": _META + "ListMeta"},
}
FIELDS = tuple(OBJECT_FIELDS)


def _translated(schema: Mapping[str, Any], openapi: int) -> Schema:
    made: Schema = {}
    for word, value in schema.items():
        if openapi == 2 and word in _NOT_IN_2:
            continue
        if word == "properties":
            made[word] = {name: _translated(below, openapi) for name, below in value.items()}
        elif word in ("items", "additionalProperties", "not") and isinstance(value, Mapping):
            made[word] = _translated(value, openapi)
        elif word in ("allOf", "anyOf", "oneOf"):
            made[word] = [_translated(below, openapi) for below in value]
        else:
            made[word] = value
    if schema.get(INT_OR_STRING):
        made.pop("type", None)
        if openapi == 3:
            made.setdefault("oneOf", [{"type": "integer"}, {"type": "string"}])
    if openapi == 2 and (schema.get(PRESERVE) or schema.get("nullable")):
        made = {word: value for word, value in made.items() if word == "description" or word.startswith("x-")}
    return made
