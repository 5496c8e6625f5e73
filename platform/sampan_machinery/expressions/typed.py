"""Types of CEL from a Node: what an object of a built-in kind is, field by field, for checking expressions.

Values stay as they are in JSON: this is for checks alone, not for evaluation. Source:
k8s.io/apiserver/pkg/cel/common/schemas.go over upstream's OpenAPI definitions.
"""

from __future__ import annotations

from sampan_cel import types
from sampan_cel.types import ObjectType, Type
from sampan_machinery.expressions.declarations import escaped
from sampan_machinery.types import Node

_SCALARS = {
    "string": types.STRING, "integer": types.INT, "int32": types.INT, "number": types.DOUBLE, "boolean": types.BOOL,
    "time": types.TIMESTAMP, "bytes": types.BYTES,
}  # fmt: skip
DEEPEST = 40


def type_of_node(node: Node, name: str) -> Type | None:
    """None for a type that contains itself: it has no end."""
    try:
        return _type(node, name, 0)
    except RecursionError:
        return None


def _type(node: Node, name: str, depth: int) -> Type:
    if depth > DEEPEST:
        raise RecursionError(name)
    if node.shape == "struct":
        fields = {}
        for each in node.fields():
            below, short = node.field(each), escaped(each)
            if below is not None and short:
                fields[short] = _type(below, f"{name}.{each}", depth + 1)
        return ObjectType(name, fields)
    if node.shape == "list":
        return types.list_of(_type(node.item(), f"{name}.@items", depth + 1))
    if node.shape == "map":
        return types.map_of(types.STRING, _type(node.item(), f"{name}.@values", depth + 1))
    return _SCALARS.get(node.scalar, types.DYN)  # quantities, int-or-string, any JSON
