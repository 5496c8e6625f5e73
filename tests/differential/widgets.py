"""A custom kind that both servers are given before the first story, and its fields for the generator."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sampling import sample

GROUP = "differential.example"
_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "required": ["colour"],
            "properties": {
                "colour": {"type": "string", "enum": ["red", "green", "blue"]},
                "replicas": {"type": "integer", "format": "int32", "minimum": 0, "maximum": 10, "default": 1},
                "share": {"type": "number", "multipleOf": 0.5, "exclusiveMaximum": True, "maximum": 4},
                "since": {"type": "string", "format": "date-time"},
                "name": {"type": "string", "pattern": "^[a-z-]*$", "minLength": 1, "maxLength": 8, "default": "web"},
                "on": {"type": "boolean"},
                "port": {"x-kubernetes-int-or-string": True},
                "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                "words": {"type": "array", "maxItems": 3, "x-kubernetes-list-type": "set",
                          "items": {"type": "string", "maxLength": 70}},
                "ports": {"type": "array", "maxItems": 3, "x-kubernetes-list-type": "map",
                          "x-kubernetes-list-map-keys": ["name"], "items": {
                              "type": "object", "required": ["name"], "properties": {
                                  "name": {"type": "string", "maxLength": 70},
                                  "number": {"type": "integer", "default": 80, "minimum": 1}}}},
                "tags": {"type": "object", "maxProperties": 2, "additionalProperties": {"type": "string"}},
                "nothing": {"type": "string", "nullable": True},
                "once": {"type": "string", "maxLength": 70,
                         "x-kubernetes-validations": [{"rule": "self == oldSelf", "message": "it stays"}]},
            },
            "x-kubernetes-validations": [
                {"rule": "self.replicas <= 5 || self.colour == 'red'", "message": "only red ones are many"},
                {"rule": "!has(self.words) || self.words.all(w, w.size() > 0)",
                 "messageExpression": "'a word of ' + self.name + ' is empty'",
                 "fieldPath": ".words", "reason": "FieldValueForbidden"},
            ],
        },
        "status": {"type": "object", "properties": {"replicas": {"type": "integer"}, "phase": {"type": "string"}}},
    },
}  # fmt: skip
#: Another one: where all are the same upstream reads them as one for all versions.
_OLDER = {**_SCHEMA, "properties": {"spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}}
DEFINITION: dict[str, Any] = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": f"widgets.{GROUP}"},
    "spec": {
        "group": GROUP,
        "scope": "Namespaced",
        "names": {"plural": "widgets", "singular": "widget", "kind": "Widget", "shortNames": ["wd"],
                  "categories": ["all"]},
        "versions": [
            {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": _SCHEMA},
             "subresources": {"status": {}, "scale": {"specReplicasPath": ".spec.replicas",
                                                      "statusReplicasPath": ".status.replicas"}},
             "selectableFields": [{"jsonPath": ".spec.colour"}],
             "additionalPrinterColumns": [
                 {"name": "Colour", "type": "string", "jsonPath": ".spec.colour"},
                 {"name": "Replicas", "type": "integer", "jsonPath": ".spec.replicas", "priority": 1},
                 {"name": "Since", "type": "date", "jsonPath": ".spec.since"}]},
            {"name": "v1beta1", "served": True, "storage": False, "deprecated": True,
             "schema": {"openAPIV3Schema": _OLDER}},
        ],
    },
}  # fmt: skip


class SchemaNode:
    """A structural schema, read as the generator reads sampan's own types (``TypeNode``)."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._schema = schema
        kind = schema.get("type", "int-or-string")
        self.shape = {"array": "list", "object": "struct"}.get(kind, "scalar")
        if "additionalProperties" in schema:
            self.shape = "map"
        elif self.shape == "struct" and "properties" not in schema:
            self.shape = "any"
        times = {"date-time": "time"}
        self.scalar = times.get(schema.get("format", ""), kind) if self.shape == "scalar" else ""

    def field(self, name: str) -> SchemaNode | None:
        if self.shape == "map":
            return self.item()
        found = self._schema.get("properties", {}).get(name)
        return SchemaNode(found) if found is not None else None

    def fields(self) -> Iterable[str]:
        return list(self._schema.get("properties", ()))

    def required(self) -> Iterable[str]:
        return list(self._schema.get("required", ()))

    def item(self) -> SchemaNode:
        return SchemaNode(self._schema.get("items") or self._schema.get("additionalProperties") or {"type": "object"})


NODE = SchemaNode({**_SCHEMA, "properties": {**_SCHEMA["properties"], "metadata": {
    "type": "object", "properties": {"labels": {"type": "object", "additionalProperties": {"type": "string"}},
                                     "annotations": {"type": "object", "additionalProperties": {"type": "string"}},
                                     "finalizers": {"type": "array", "items": {"type": "string"}}}}}})  # fmt: skip
WIDGET = sample(
    f"{GROUP}/v1",
    "Widget",
    "widgets",
    {"spec": {"colour": "red", "replicas": 2, "ports": [{"name": "http", "number": 8080}], "words": ["a"],
              "tags": {"a": "b"}, "free": {"x": {"y": 1}}}},
    subs=("status", "scale"),
)  # fmt: skip
OLDER_WIDGET = sample(f"{GROUP}/v1beta1", "Widget", "widgets", {"spec": {"colour": "green", "more": {"a": [1]}}})
