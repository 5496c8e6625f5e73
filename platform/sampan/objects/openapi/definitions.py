"""The table's types as OpenAPI schemas, version 2 (Swagger) or 3. Knows nothing of paths.

Source: OpenAPI specifications 2.0 and 3.0.0; Kubernetes' x-kubernetes-* extensions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sampan.contracts.kinds import Kind
from sampan.objects.openapi import own
from sampan.objects.openapi.descriptions import Descriptions
from sampan.objects.schema.table import Table

Schema = dict[str, Any]

_PREFIX = {2: "#/definitions/", 3: "#/components/schemas/"}
_EXTENSIONS = {
    "list": "x-kubernetes-list-type",
    "keys": "x-kubernetes-list-map-keys",
    "merge": "x-kubernetes-patch-merge-key",
    "strategy": "x-kubernetes-patch-strategy",
    "default": "default",
}
_PLAIN: dict[str, Schema] = {
    "string": {"type": "string"},
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer", "format": "int64"},
    "int32": {"type": "integer", "format": "int32"},
    "number": {"type": "number", "format": "double"},
    "bytes": {"type": "string", "format": "byte"},
    "time": {"type": "string", "format": "date-time"},
    "microtime": {"type": "string", "format": "date-time"},
    "object": {"type": "object"},
    "any": {},
}
_BY_OPENAPI: dict[int, dict[str, Schema]] = {
    2: {"quantity": {"type": "string"}, "int-or-string": {"type": "string", "format": "int-or-string"}},
    3: {
        "quantity": {"oneOf": [{"type": "string"}, {"type": "number"}]},
        "int-or-string": {"format": "int-or-string", "oneOf": [{"type": "integer"}, {"type": "string"}]},
    },
}


class Definitions:
    """Schemas by definition name, for one version of OpenAPI."""

    def __init__(self, table: Table, descriptions: Descriptions, openapi: int, kinds: Iterable[Kind] = ()) -> None:
        """``kinds``: those of the document that bring their own schema (others are passed over)."""
        self._table = table
        self._own = {own.name_of(kind): kind for kind in kinds if kind.schema is not None}
        self._words = descriptions
        self._openapi = openapi
        self._marks: dict[str, list[dict[str, str]]] = {}
        for key, name in table.kinds.items():
            group, version, kind = key.split("/")
            self._marks.setdefault(name, []).append({"group": group, "kind": kind, "version": version})

    def ref(self, name: str) -> Schema:
        return {"$ref": _PREFIX[self._openapi] + name}

    def closure(self, roots: Iterable[str]) -> dict[str, Schema]:
        """The schemas of these definitions and of all they refer to, sorted by name."""
        found: dict[str, Schema] = {}
        waiting = list(roots)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found[name] = self._own_definition(name, waiting) or self._definition(name, waiting)
        return dict(sorted(found.items()))

    def _definition(self, name: str, waiting: list[str]) -> Schema:
        facts = self._table.types[name]
        made: Schema = {}
        if words := self._words.of_type(name):
            made["description"] = words
        if isinstance(facts, str):
            made.update(self._scalar(facts))
        else:
            made["type"] = "object"
            if facts.get("required"):
                made["required"] = facts["required"]
            if facts["fields"]:
                made["properties"] = {
                    field: self._field(name, field, shape, waiting) for field, shape in facts["fields"].items()
                }
            if facts.get("atomic"):
                made["x-kubernetes-map-type"] = "atomic"
        if marks := self._marks.get(name):
            made["x-kubernetes-group-version-kind"] = marks
        return made

    def _own_definition(self, name: str, waiting: list[str]) -> Schema | None:
        """A kind with its own schema, or the list of such kinds."""
        more = "" if name in self._own else "List"
        kind = self._own.get(name.removesuffix(more))
        if kind is None:
            return None
        if more:
            made: Schema = {"type": "object", "required": ["items"], "properties": {}}
            items = {"type": "array", "items": self.ref(own.name_of(kind))}
            made["properties"]["items"] = {"description": f"The {kind.plural}.", **items}
            made["description"] = f"{kind.kind}List is a list of {kind.kind}."
            waiting.append(own.name_of(kind))
        else:
            made = own.definition(kind, self._openapi)
        for field in own.FIELDS:
            target = own.REFERENCES[more].get(field)
            shape = "#" + target if target else "string"
            made["properties"][field] = self._field(name, field, shape, waiting)
        mark = {"group": kind.group, "kind": kind.kind + more, "version": kind.version}
        made["x-kubernetes-group-version-kind"] = [mark]
        return made

    def _scalar(self, word: str) -> Schema:
        return _BY_OPENAPI[self._openapi].get(word) or _PLAIN[word]

    def _field(self, owner: str, field: str, shape: Any, waiting: list[str]) -> Schema:
        made = self._shape(shape, waiting)
        if words := self._words.of_field(owner, field):
            made = {"description": words, **made}
        return self._sole_ref(made)

    def _sole_ref(self, made: Schema) -> Schema:
        """In OpenAPI 3 nothing may stand beside a $ref, so it moves into an allOf."""
        if self._openapi == 3 and "$ref" in made and len(made) > 1:
            made["allOf"] = [{"$ref": made.pop("$ref")}]
        return made

    def _shape(self, shape: Any, waiting: list[str]) -> Schema:
        facts: Mapping[str, Any] = {} if isinstance(shape, str) else shape
        word: str = shape if isinstance(shape, str) else shape["type"]
        if word.startswith("#"):
            waiting.append(word[1:])
            made = self.ref(word[1:])
        elif word == "list":
            made = {"type": "array", "items": self._sole_ref(self._shape(shape["of"], waiting))}
        elif word == "map":
            made = {"type": "object", "additionalProperties": self._sole_ref(self._shape(shape["of"], waiting))}
        else:
            made = dict(self._scalar(word))
        made.update({_EXTENSIONS[fact]: value for fact, value in facts.items() if fact in _EXTENSIONS})
        if facts.get("atomic"):
            made["x-kubernetes-map-type"] = "atomic"
        return made
