"""Pruning unknown fields and filling in defaults, as an object with a structural schema has it before it is stored.

Nulls of fields that may not be null give way to the default or go. Source: CRD documentation, "Field pruning",
"Defaulting" and "Defaulting and Nullable".
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from sampan_machinery.structural.nodes import Schema
from sampan_machinery.types import Node


def prune(value: Any, node: Node) -> Any:
    """A copy (of the dicts and lists on the way) without what the type does not know."""
    if isinstance(value, dict):
        if node.shape == "struct":
            known = ((name, node.field(name), child) for name, child in value.items())
            return {name: prune(child, type_) for name, type_, child in known if type_ is not None}
        if node.shape == "map":
            item = node.item()
            return {name: prune(child, item) for name, child in value.items()}
    elif isinstance(value, list) and node.shape == "list":
        item = node.item()
        return [prune(child, item) for child in value]
    return value


def fill(value: Any, schema: Schema) -> None:
    """Put defaults in, in place, and take out nulls where none may be."""
    if isinstance(value, dict):
        properties: Mapping[str, Schema] = schema.get("properties") or {}
        for name, below in properties.items():
            _fill_field(value, name, below)
        more = schema.get("additionalProperties")
        if isinstance(more, Mapping):
            for name in [name for name in value if name not in properties]:
                _fill_field(value, name, more)
    elif isinstance(value, list):
        items = schema.get("items")
        if isinstance(items, Mapping):
            for child in value:
                fill(child, items)


def _fill_field(parent: dict[str, Any], name: str, schema: Schema) -> None:
    if parent.get(name) is None and not (name in parent and schema.get("nullable")):
        if "default" in schema:
            parent[name] = copy.deepcopy(schema["default"])
        else:
            parent.pop(name, None)
            return
    fill(parent[name], schema)
