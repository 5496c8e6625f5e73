"""Types as patches, apply, pruning and the strict pass walk them, from an OpenAPI v3 structural schema.

Made when first asked for and kept. Source: apiextensions.k8s.io/v1 JSONSchemaProps and its x-kubernetes-* extensions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sampan_machinery.types import Node

Schema = Mapping[str, Any]

PRESERVE = "x-kubernetes-preserve-unknown-fields"
INT_OR_STRING = "x-kubernetes-int-or-string"
RULES = "x-kubernetes-validations"
EMBEDDED = "x-kubernetes-embedded-resource"
LIST_TYPE, LIST_KEYS, MAP_TYPE = "x-kubernetes-list-type", "x-kubernetes-list-map-keys", "x-kubernetes-map-type"
_TEXT: Schema = {"type": "string"}
_ANYTHING: Schema = {"type": "object", PRESERVE: True}
#: Fields that every object has, also if its schema does not list them.
OBJECT_FIELDS: Mapping[str, Schema] = {"apiVersion": _TEXT, "kind": _TEXT, "metadata": _ANYTHING}


class SchemaNode:
    """One type at one place. ``metadata``, where given, is the type of an object's metadata."""

    __slots__ = (
        "_fields", "_item", "_properties", "atomic", "list_keys", "list_type", "patch_merge_key", "patch_strategy",
        "preserves", "scalar", "schema", "shape",
    )  # fmt: skip

    def __init__(self, schema: Schema, metadata: Node | None = None) -> None:
        self.schema = schema
        self._fields: dict[str, Node] = {}
        self._item: Node | None = None
        self._properties: Mapping[str, Schema] = schema.get("properties") or {}
        if metadata is not None or schema.get(EMBEDDED):
            self._properties = {**OBJECT_FIELDS, **self._properties}
        if metadata is not None:
            self._fields["metadata"] = metadata
        self.preserves = bool(schema.get(PRESERVE))
        self.shape = _shape(schema, self._properties)
        self.scalar = _scalar(schema) if self.shape == "scalar" else ""
        self.atomic = schema.get(MAP_TYPE) == "atomic"
        self.list_type: str = schema.get(LIST_TYPE, "atomic") if self.shape == "list" else ""
        self.list_keys: tuple[str, ...] = tuple(schema.get(LIST_KEYS) or ())
        self.patch_strategy = self.patch_merge_key = ""

    def field(self, name: str) -> Node | None:
        """struct: the field's type, None where unknown. map: the value type."""
        if self.shape == "map":
            return self.item()
        found = self._fields.get(name)
        if found is None:
            schema = self._properties.get(name)
            if schema is None:
                return FREE if self.preserves else None
            found = self._fields[name] = SchemaNode(schema)
        return found

    def fields(self) -> Iterable[str]:
        return self._properties.keys()

    def required(self) -> Iterable[str]:
        required: list[str] = self.schema.get("required") or []
        return required

    def item(self) -> Node:
        """list: the element's type. map: the value type. Anything else: schemaless."""
        if self._item is None:
            below = self.schema.get("items" if self.shape == "list" else "additionalProperties")
            self._item = SchemaNode(below) if isinstance(below, Mapping) else FREE
        return self._item

    def default(self, name: str) -> object:
        return self._properties.get(name, {}).get("default")


def _shape(schema: Schema, properties: Mapping[str, Schema]) -> str:
    kind = schema.get("type")
    if schema.get(INT_OR_STRING):
        return "scalar"
    if kind == "array":
        return "list"
    if properties:
        return "struct"
    if schema.get("additionalProperties"):
        return "map"
    if schema.get(PRESERVE) or kind is None:
        return "any"
    return "struct" if kind == "object" else "scalar"


def _scalar(schema: Schema) -> str:
    if schema.get(INT_OR_STRING):
        return "int-or-string"
    kind = str(schema["type"])
    return "int32" if kind == "integer" and schema.get("format") == "int32" else kind


#: A value without a schema is kept unchanged.
FREE = SchemaNode({PRESERVE: True})
