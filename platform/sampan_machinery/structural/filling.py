"""Pruning unknown fields and filling in defaults, as an object with a structural schema has it before it is stored.

Nulls of fields that may not be null give way to the default or go. Source: CRD documentation, "Field pruning",
"Defaulting" and "Defaulting and Nullable".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sampan_machinery.metadata import copy
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


class Filling:
    """The defaults of a schema and those below it, compiled. Walks what an object has rather than what it may have."""

    __slots__ = ("default", "defaults", "fields", "has_default", "item", "more", "nullable")

    def __init__(self, schema: Schema) -> None:
        self.nullable = bool(schema.get("nullable"))
        self.has_default, self.default = "default" in schema, schema.get("default")
        self.fields = {name: Filling(below) for name, below in (schema.get("properties") or {}).items()}
        self.defaults = [(name, below) for name, below in self.fields.items() if below.has_default]
        more, items = schema.get("additionalProperties"), schema.get("items")
        self.more = Filling(more) if isinstance(more, Mapping) else None
        self.item = Filling(items) if isinstance(items, Mapping) else None

    def fill(self, value: Any, *, keep_nulls: bool = False) -> None:
        """Put defaults in, in place, and take out nulls where none may be, unless they are kept to be judged."""
        if type(value) is dict:
            self._fill_object(value, keep_nulls)
        elif type(value) is list and self.item is not None:
            for each in value:
                if type(each) is dict or type(each) is list:
                    self.item.fill(each, keep_nulls=keep_nulls)

    def _fill_object(self, value: dict[str, Any], keep_nulls: bool) -> None:
        for name, below in self.defaults:
            if value.get(name) is None and not (below.nullable and name in value):
                value[name] = copy(below.default)
        gone: list[str] = []
        for name, each in value.items():
            found = self.fields.get(name, self.more)
            if found is None:
                continue
            if type(each) is dict or type(each) is list:
                found.fill(each, keep_nulls=keep_nulls)
            elif each is None and not found.nullable:
                if found.has_default:
                    value[name] = copy(found.default)
                elif not keep_nulls:
                    gone.append(name)
        for name in gone:
            del value[name]
