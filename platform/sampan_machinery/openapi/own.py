"""OpenAPI definitions of kinds with their own schema, in version 2 or 3.

OpenAPI 2 has no nullable, oneOf and so on, and its readers (kubectl's validation) must not refuse what the server
accepts. So those keywords are removed, and an object that keeps unknown fields is published without its fields.
Source: apiextensions-apiserver, pkg/controller/openapi/{builder,v2} (meaning only).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sampan.contracts.kinds import Kind
from sampan_machinery.kindschema import schema_of
from sampan_machinery.schema.table import Table
from sampan_machinery.structural.nodes import EMBEDDED, INT_OR_STRING, OBJECT_FIELDS, PRESERVE

Schema = dict[str, Any]

_NOT_IN_2 = frozenset({"nullable", "oneOf", "anyOf", "allOf", "not"})
_EITHER = [{"type": "integer"}, {"type": "string"}]
_CONVENTIONS = "More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md"
_ABOUT = {
    "apiVersion": "apiVersion defines the versioned schema of this representation of an object. "
    f"{_CONVENTIONS}#resources",
    "kind": f"kind is a string value representing the type of this object. In CamelCase. {_CONVENTIONS}#types-kinds",
}
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
    return table.extended(types, names)


def definition(kind: Kind, openapi: int) -> Schema:
    """The schema of an object. The caller fills in its ``$ref``s, see REFERENCES; it has no properties where readers of
    version 2 would take those that are published for all."""
    published = schema_of(kind).published
    assert published is not None
    if openapi == 2 and published.get(PRESERVE):
        return {"type": "object"}
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
    if openapi == 2:
        _make_readable(made, schema)
    elif schema.get(INT_OR_STRING):
        _unfold(made)
    if schema.get(EMBEDDED) and not (openapi == 2 and schema.get(PRESERVE)):
        _embed(made, openapi)
    return made


def _make_readable(made: Schema, schema: Mapping[str, Any]) -> None:
    """What kubectl cannot read in version 2 goes: the type of what may be null or unknown, and what is below it."""
    if schema.get("nullable") or schema.get(PRESERVE):
        made.pop("items", None)
        made.pop("properties", None)
    is_open = schema.get(PRESERVE) and made.get("type") == "object"
    if schema.get("nullable") or is_open or (made.get("type") == "array" and "items" not in made):
        made.pop("type", None)
    properties: Mapping[str, Any] = schema.get("properties") or {}
    if "properties" in made and made.get("required"):
        made["required"] = [name for name in made["required"] if not (properties.get(name) or {}).get("nullable")]
    more = schema.get("additionalProperties")
    if (isinstance(more, Mapping) and more.get("nullable")) or not made.get("required"):
        made.pop("required", None)


def _unfold(made: Schema) -> None:
    """A number or a text, said in OpenAPI's own words as well."""
    if made.get("anyOf") == _EITHER or (made.get("allOf") or [{}])[0].get("anyOf") == _EITHER:
        return
    if "anyOf" in made:
        made["allOf"] = [{"anyOf": _EITHER}, *(made.get("allOf") or ())]
    else:
        made["anyOf"] = _EITHER


def _embed(made: Schema, openapi: int) -> None:
    """The fields that every object has, in one within another."""
    start = "#/definitions/" if openapi == 2 else "#/components/schemas/"
    meta: Schema = {"$ref": f"{start}{_META}ObjectMeta"}
    about = {name: {"description": text, "type": "string"} for name, text in _ABOUT.items()}
    made["properties"] = {
        **(made.get("properties") or {}), **about, "metadata": meta if openapi == 2 else {"allOf": [meta]},
    }  # fmt: skip
    required = list(made.get("required") or ())
    made["required"] = [*required, *(name for name in ("kind", "apiVersion") if name not in required)]
