"""Types as patches, apply and the strict pass walk them: the Nodes of ``sampan_machinery.types`` from the table.

Made when first asked for and kept, so a type that contains itself is no problem. Knows nothing of JSON or msgspec.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sampan_machinery.schema.table import Table

_EMPTY: Mapping[str, Any] = {}


class TypeNode:
    """One type at one place: a field's own facts (list type, merge key …) over those of its type."""

    __slots__ = (
        "_facts", "_fields", "_item", "_nodes", "atomic", "list_keys", "list_type", "name", "patch_merge_key",
        "patch_strategy", "scalar", "shape",
    )  # fmt: skip

    def __init__(self, nodes: Nodes, shape: Any) -> None:
        place: Mapping[str, Any] = _EMPTY if isinstance(shape, str) else shape
        word: str = shape if isinstance(shape, str) else shape["type"]
        self._nodes = nodes
        self._facts: Mapping[str, Any] = _EMPTY
        self._fields: dict[str, TypeNode] = {}
        self._item: TypeNode | None = None
        #: the definition's name, "" where the type has none
        self.name = ""
        if word.startswith("#"):
            self.name = word[1:]
            facts = nodes.table.types[self.name]
            if isinstance(facts, str):
                word = facts
            else:
                word, self._facts = "struct", facts
        self.shape = "any" if word == "object" else word if word in _SHAPES else "scalar"
        self.scalar = word if self.shape == "scalar" else ""
        self.atomic = bool(place.get("atomic", self._facts.get("atomic")) or word == "object")
        self.list_type: str = place.get("list", "atomic") if word == "list" else ""
        self.list_keys: tuple[str, ...] = tuple(place.get("keys", ()))
        self.patch_strategy: str = place.get("strategy", "")
        self.patch_merge_key: str = place.get("merge", "")
        if word in {"list", "map"}:
            self._item = nodes.of_field(place["of"])

    def field(self, name: str) -> TypeNode | None:
        """struct: the field's type, None where unknown. map: the value type."""
        if self.shape == "map":
            return self._item
        found = self._fields.get(name)
        if found is None:
            shape = self._facts.get("fields", _EMPTY).get(name)
            if shape is None:
                return None
            found = self._fields[name] = self._nodes.of_field(shape)
        return found

    def fields(self) -> Iterable[str]:
        fields: Mapping[str, Any] = self._facts.get("fields", _EMPTY)
        return fields.keys()

    def required(self) -> Iterable[str]:
        required: list[str] = self._facts.get("required", [])
        return required

    def item(self) -> TypeNode:
        """list: the element's type. map: the value type. Anything else: schemaless."""
        return self._item or self._nodes.free

    def default(self, name: str) -> object:
        shape = self._facts.get("fields", _EMPTY).get(name)
        return shape.get("default") if isinstance(shape, dict) else None

    def __repr__(self) -> str:
        return f"TypeNode({self.name or self.scalar or self.shape})"


_SHAPES = frozenset({"struct", "map", "list", "any"})


class Nodes:
    """The nodes of one table. Thread-safe: a race at worst builds an equal node twice."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self._plain: dict[str, TypeNode] = {}
        self.free = self.of_field("any")

    def of_field(self, shape: Any) -> TypeNode:
        """The node for a FIELD of the table; fields without facts of their own share one."""
        if not isinstance(shape, str):
            return TypeNode(self, shape)
        found = self._plain.get(shape)
        if found is None:
            found = self._plain.setdefault(shape, TypeNode(self, shape))
        return found

    def of_type(self, name: str) -> TypeNode:
        return self.of_field("#" + name)
