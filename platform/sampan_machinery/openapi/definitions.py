"""The table's types as OpenAPI schemas, version 2 (Swagger) or 3. Knows nothing of paths.

Source: OpenAPI specifications 2.0 and 3.0.0; Kubernetes' x-kubernetes-* extensions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sampan.contracts.kinds import Kind
from sampan_machinery.kindschema import schema_of
from sampan_machinery.openapi import own
from sampan_machinery.openapi.descriptions import Descriptions, Words, of_field
from sampan_machinery.schema.table import Table

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
        """``kinds``: kinds of the document with their own schema; kinds without one are ignored."""
        self._table = table
        self._own = {own.name_of(kind): kind for kind in kinds if schema_of(kind).published is not None}
        self._descriptions = descriptions
        self._openapi = openapi
        self._marks: dict[str, list[dict[str, str]]] = {}
        for key, name in table.kinds.items():
            group, version, kind = key.split("/")
            self._marks.setdefault(name, []).append({"group": group, "kind": kind, "version": version})

    def ref(self, name: str) -> Schema:
        return {"$ref": _PREFIX[self._openapi] + name}

    def closure(self, roots: Iterable[str]) -> Iterator[tuple[str, Schema]]:
        """These definitions and all that they refer to, with their schemas, sorted by name. Built lazily."""
        names: set[str] = set()
        waiting = list(roots)
        while waiting:
            name = waiting.pop()
            if name not in names:
                names.add(name)
                waiting += self._targets(name)
        for name, words in self._descriptions.of(sorted(names)):
            yield name, self._own_definition(name) or self._definition(name, words)

    def _targets(self, name: str) -> Iterator[str]:
        """The definitions that a definition refers to."""
        kind, more = self._own_kind(name)
        if kind is not None:
            yield from own.REFERENCES[more].values()
            if more:
                yield own.name_of(kind)
            return
        facts = self._table.types[name]
        for shape in () if isinstance(facts, str) else facts["fields"].values():
            while not isinstance(shape, str) and "of" in shape:
                shape = shape["of"]
            word = shape if isinstance(shape, str) else shape["type"]
            if word.startswith("#"):
                yield word[1:]

    def _definition(self, name: str, words: Words) -> Schema:
        facts = self._table.types[name]
        made: Schema = {}
        if text := words.get(""):
            made["description"] = text
        if isinstance(facts, str):
            made.update(self._scalar(facts))
        else:
            made["type"] = "object"
            if facts.get("required"):
                made["required"] = facts["required"]
            if facts["fields"]:
                made["properties"] = {
                    field: self._field(words, field, shape) for field, shape in facts["fields"].items()
                }
            if facts.get("atomic"):
                made["x-kubernetes-map-type"] = "atomic"
        if marks := self._marks.get(name):
            made["x-kubernetes-group-version-kind"] = marks
        return made

    def _own_kind(self, name: str) -> tuple[Kind | None, str]:
        """The kind with its own schema that a definition describes, and "List" if it describes its list."""
        more = "" if name in self._own else "List"
        return self._own.get(name.removesuffix(more)), more

    def _own_definition(self, name: str) -> Schema | None:
        kind, more = self._own_kind(name)
        if kind is None:
            return None
        if more:
            made: Schema = {"type": "object", "required": ["items"], "properties": {}}
            items = {"type": "array", "items": self.ref(own.name_of(kind))}
            made["properties"]["items"] = {"description": f"The {kind.plural}.", **items}
            made["description"] = f"{kind.kind}List is a list of {kind.kind}."
        else:
            made = own.definition(kind, self._openapi)
        for field in own.FIELDS if "properties" in made else ():
            target = own.REFERENCES[more].get(field)
            made["properties"][field] = self._field({}, field, "#" + target if target else "string")
        mark = {"group": kind.group, "kind": kind.kind + more, "version": kind.version}
        made["x-kubernetes-group-version-kind"] = [mark]
        if kind.fields:
            made["x-kubernetes-selectable-fields"] = [{"fieldPath": field} for field in kind.fields]
        return made

    def _scalar(self, word: str) -> Schema:
        return _BY_OPENAPI[self._openapi].get(word) or _PLAIN[word]

    def _field(self, words: Words, field: str, shape: Any) -> Schema:
        made = self._shape(shape)
        if text := of_field(words, field):
            made = {"description": text, **made}
        return self._sole_ref(made)

    def _sole_ref(self, made: Schema) -> Schema:
        """In OpenAPI 3 a $ref must not have siblings, so it moves into an allOf."""
        if self._openapi == 3 and "$ref" in made and len(made) > 1:
            made["allOf"] = [{"$ref": made.pop("$ref")}]
        return made

    def _shape(self, shape: Any) -> Schema:
        facts: Mapping[str, Any] = {} if isinstance(shape, str) else shape
        word: str = shape if isinstance(shape, str) else shape["type"]
        if word.startswith("#"):
            made = self.ref(word[1:])
        elif word == "list":
            made = {"type": "array", "items": self._sole_ref(self._shape(shape["of"]))}
        elif word == "map":
            made = {"type": "object", "additionalProperties": self._sole_ref(self._shape(shape["of"]))}
        else:
            made = dict(self._scalar(word))
        made.update({_EXTENSIONS[fact]: value for fact, value in facts.items() if fact in _EXTENSIONS})
        if "atomic" in facts:
            made["x-kubernetes-map-type"] = "atomic" if facts["atomic"] else "granular"
        return made
