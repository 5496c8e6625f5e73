"""Types of CEL from a structural schema: what ``self`` is, field by field.

Names that are no identifiers are escaped as Kubernetes does (``a-b`` is ``a__dash__b``); texts of the formats byte,
date, date-time and duration are read when an expression uses them. Source: KEP-2876, "Field path escaping" and its
table of types.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from typing import Any

from sampan_cel import CelError, types
from sampan_cel.lexer import RESERVED
from sampan_cel.types import ObjectType, Type
from sampan_cel.values import read_duration, read_timestamp
from sampan_machinery.structural.nodes import EMBEDDED, INT_OR_STRING, PRESERVE, Schema

Read = Callable[[Any], Any]
_ESCAPES = {"__": "__underscores__", ".": "__dot__", "-": "__dash__", "/": "__slash__"}
_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_./-]*", re.ASCII)
_KEYWORDS = RESERVED | {"true", "false", "null", "in"}
#: Of metadata a rule may use the name alone, as in Kubernetes.
_METADATA = ObjectType("ObjectMeta", {"name": types.STRING, "generateName": types.STRING})
_SCALARS = {"string": types.STRING, "integer": types.INT, "number": types.DOUBLE, "boolean": types.BOOL}


def escaped(name: str) -> str:
    """The name of a field in an expression; "" where it cannot be used in one."""
    if _NAME.fullmatch(name) is None:
        return ""
    if name in _KEYWORDS:
        return f"__{name}__"
    return re.sub(r"__|[./-]", lambda match: _ESCAPES[match.group()], name)


def declared(schema: Schema, path: str = "self", *, root: bool = False) -> tuple[Type, Read | None]:
    """The type of a value by its schema, and how it is read where it is not used as it stands."""
    kind = schema.get("type")
    if schema.get(INT_OR_STRING):
        return types.DYN, None
    if kind == "array":
        item, read = declared(schema.get("items") or {}, path + "[]")
        return types.list_of(item), None if read is None else _each(read)
    if kind == "object":
        return _object(schema, path, root=root)
    if kind == "string":
        return _text(str(schema.get("format") or ""))
    return _SCALARS.get(str(kind), types.DYN), _double if kind == "number" else None


def _object(schema: Schema, path: str, *, root: bool) -> tuple[Type, Read | None]:
    more = schema.get("additionalProperties")
    properties: Mapping[str, Schema] = schema.get("properties") or {}
    if isinstance(more, Mapping):
        value, read = declared(more, path + "{}")
        return types.map_of(types.STRING, value), None if read is None else _each_value(read)
    if not properties and schema.get(PRESERVE) and not (root or schema.get(EMBEDDED)):
        return types.DYN, None
    fields: dict[str, Type] = {}
    keys: dict[str, str] = {}
    reads: dict[str, Read] = {}
    if root or schema.get(EMBEDDED):
        fields = {"apiVersion": types.STRING, "kind": types.STRING, "metadata": _METADATA}
    for name, below in properties.items():
        short = escaped(name)
        if not short or short in fields:
            continue
        fields[short], read = declared(below, f"{path}.{name}")
        if short != name:
            keys[short] = name
        if read is not None:
            reads[short] = read
    return ObjectType(path, fields, keys, reads), None


def _text(form: str) -> tuple[Type, Read | None]:
    if form in ("date-time", "date"):
        return types.TIMESTAMP, _moment
    if form == "duration":
        return types.DURATION, read_duration
    if form == "byte":
        return types.BYTES, _bytes
    return types.STRING, None


def _moment(text: str) -> Any:
    return read_timestamp(text if "T" in text.upper() else f"{text}T00:00:00Z")


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise CelError("illegal base64 data") from None


def _double(value: Any) -> Any:
    return float(value) if type(value) is int else value


def _each(read: Read) -> Read:
    return lambda items: [read(each) for each in items]


def _each_value(read: Read) -> Read:
    return lambda found: {name: read(each) for name, each in found.items()}
