"""The parts of an expression. ``at`` is the offset in the text, in code points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(slots=True, eq=False)
class Node:
    at: int


@dataclass(slots=True, eq=False)
class Const(Node):
    value: Any


@dataclass(slots=True, eq=False)
class Ident(Node):
    """A name; with a leading dot it is looked up in the outermost scope."""

    name: str


@dataclass(slots=True, eq=False)
class Select(Node):
    """``operand.field``; ``test`` is ``has(operand.field)``, ``optional`` is ``operand.?field``."""

    operand: Node
    field: str
    test: bool = False
    optional: bool = False


@dataclass(slots=True, eq=False)
class Index(Node):
    operand: Node
    key: Node
    optional: bool = False


@dataclass(slots=True, eq=False)
class Call(Node):
    """Operators are calls too, named as in the specification: ``_+_``, ``!_``, ``_?_:_``."""

    function: str
    target: Node | None
    args: Sequence[Node]


@dataclass(slots=True, eq=False)
class ListOf(Node):
    items: Sequence[Node]
    optional: frozenset[int]  # positions of ``[?x]``


@dataclass(slots=True, eq=False)
class Entry:
    key: Node
    value: Node
    optional: bool


@dataclass(slots=True, eq=False)
class MapOf(Node):
    entries: Sequence[Entry]


@dataclass(slots=True, eq=False)
class FieldValue:
    at: int
    name: str
    value: Node
    optional: bool


@dataclass(slots=True, eq=False)
class Struct(Node):
    """``Name{field: value}``."""

    name: str
    fields: Sequence[FieldValue]


@dataclass(slots=True, eq=False)
class Fold(Node):
    """A macro over a list or map. ``kind``: all, exists, existsOne, map, filter, transformList, transformMap,
    transformMapEntry. With two variables they are index and item, or key and value. ``condition`` is the filter of a
    map or transformation."""

    kind: str
    range: Node
    variables: tuple[str, ...]
    condition: Node | None
    body: Node


@dataclass(slots=True, eq=False)
class Bind(Node):
    """``cel.bind(name, value, body)``, and ``optMap``/``optFlatMap`` (``kind``), whose value is an optional."""

    kind: str
    name: str
    value: Node
    body: Node


def dotted(node: Node) -> str:
    """``a.b.c`` of nested selections, "" for anything else."""
    if isinstance(node, Ident):
        return node.name
    if isinstance(node, Select) and not node.test and not node.optional:
        outer = dotted(node.operand)
        return outer and f"{outer}.{node.field}"
    return ""


def constants_of(node: Node) -> list[Any] | None:
    """The items of a list literal of constants; None for anything else."""
    if isinstance(node, ListOf) and not node.optional and all(isinstance(each, Const) for each in node.items):
        return [each.value for each in node.items if isinstance(each, Const)]
    return None
