"""How large what a structural schema describes can be at most: for the estimated cost of its rules.

Source: k8s.io/apiserver/pkg/cel/common/schemas.go (SchemaDeclType). A request has 3 MiB; what no ``maxLength``,
``maxItems`` or ``maxProperties`` bounds is as large as fits into one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sampan_cel.declarations import Path, SizeOf
from sampan_cel.ranges import Range
from sampan_cel.types import Type
from sampan_machinery.expressions.declarations import escaped
from sampan_machinery.structural.nodes import EMBEDDED, INT_OR_STRING, Schema

REQUEST = 3 * 1024 * 1024
#: Least JSON of a format, and most characters.
_FORMATS = {"duration": (3, 32), "date": (12, 12), "date-time": (21, 32)}
_SCALARS = {"boolean": 4, "number": 1, "integer": 1}
_TEXT = 2  # the quotes


@dataclass(frozen=True)
class Sized:
    """A place of a schema: the most elements (or characters) there, and the least bytes of its JSON."""

    most: int
    least_bytes: int
    fields: Mapping[str, Sized] = field(default_factory=dict)
    item: Sized | None = None  # of a list or map
    key: Sized | None = None


_NAME = Sized(REQUEST - 2, _TEXT)
_METADATA = Sized(0, 2, {"name": _NAME, "generateName": _NAME})


def sized(schema: Schema, *, root: bool = False) -> Sized | None:
    """None where expressions cannot see what is there."""
    if schema.get(INT_OR_STRING):
        length = schema.get("maxLength")
        return Sized(REQUEST - 2 if length is None else max(int(length), 0) * 4, 1)
    kind = schema.get("type")
    if kind == "array":
        return _list(schema)
    if kind == "object":
        more = schema.get("additionalProperties")
        return _map(schema, more) if isinstance(more, Mapping) else _object(schema, root=root)
    if kind == "string":
        return _text(schema)
    return Sized(0, _SCALARS[str(kind)]) if kind in _SCALARS else None


def _list(schema: Schema) -> Sized | None:
    item = _below(schema.get("items"))
    if item is None:
        return None
    most = schema.get("maxItems")
    return Sized((REQUEST - 2) // (item.least_bytes + 1) if most is None else max(int(most), 0), 2, item=item)


def _map(schema: Schema, more: Schema) -> Sized | None:
    value = _below(more)
    if value is None:
        return None
    most = schema.get("maxProperties")
    count = (REQUEST - 2) // (value.least_bytes + 6) if most is None else max(int(most), 0)
    return Sized(count, 2, item=value, key=Sized(0, _TEXT))  # 0: upstream gives keys no length


def _object(schema: Schema, *, root: bool) -> Sized:
    properties: dict[str, Any] = dict(schema.get("properties") or {})
    fields: dict[str, Sized] = {}
    if root:
        fields = {"apiVersion": _NAME, "kind": _NAME, "metadata": _METADATA}
    required, least = schema.get("required") or (), 2
    for name, below in properties.items():
        found = _below(below)
        if found is None:
            continue
        if short := escaped(name):
            fields[short] = found
        if name in required and "default" not in below:
            least += len(name) + found.least_bytes + 4
    return Sized(0, least, fields)


def _below(schema: Any) -> Sized | None:
    return sized(schema, root=bool(schema.get(EMBEDDED))) if isinstance(schema, Mapping) else None


def _text(schema: Schema) -> Sized:
    length, form = schema.get("maxLength"), str(schema.get("format") or "")
    if form in _FORMATS:
        least, most = _FORMATS[form]
        return Sized(most, least)
    if length is not None:
        return Sized(max(int(length), 0) * (1 if form == "byte" else 4), _TEXT)
    if form != "byte" and (values := schema.get("enum")):
        return Sized(max((len(str(each).encode()) for each in values if isinstance(each, str)), default=0), _TEXT)
    return Sized(REQUEST - 2, _TEXT)


def sizes_of(own: Sized | None) -> SizeOf:
    """For ``Environment.compile``: sizes below ``self`` and ``oldSelf``, whose schema ``own`` describes."""

    def size_of(path: Path, type: Type) -> Range | None:
        found = own
        for name in path[1:]:
            if found is None:
                return None
            if name in ("@items", "@values"):
                found = found.item
            elif name == "@keys":
                found = found.key
            else:
                found = found.fields.get(name)
        return None if found is None else Range(0, found.most)

    return size_of


def most_often(own: Sized) -> int:
    """How often what is at least so large can be in one request: for a place below lists or maps without a bound."""
    return REQUEST // (own.least_bytes + 1)
