"""The version 2 document as protobuf, the only form in which kubectl's own validation (of ``kind: List``) reads it.

Messages are defined by a table: JSON name → field number and type. Fields that are not in the table are left out, as in
upstream's conversion. Free values (defaults, enums, extensions) are sent as YAML text, of which JSON is a subset.
Source: gnostic openapiv2/OpenAPIv2.proto (numbers and types), protobuf encoding guide.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from sampan_machinery.varints import varint

MEDIA_TYPE = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
#: The media type that kubectl requests. Not used for answers: it violates RFC 2045 ("@"), and kubectl cannot parse it.
ASKED_MEDIA_TYPE = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"

#: Field numbers for extensions (``x-…``).
_EXTENSIONS = "x-"
#: s string, b boolean, i integer, d double, any; "[x]" repeated; "{x}" a map as repeated (name, value) messages; else a
#: message. Variants of path items and responses are chosen in _Writer.
_MESSAGES: dict[str, dict[str, tuple[int, str]]] = {
    "Document": {
        "swagger": (1, "s"), "info": (2, "Info"), "host": (3, "s"), "basePath": (4, "s"), "schemes": (5, "[s]"),
        "consumes": (6, "[s]"), "produces": (7, "[s]"), "paths": (8, "Paths"), "definitions": (9, "{Schema}"),
        _EXTENSIONS: (16, "any"),
    },
    "Info": {"title": (1, "s"), "version": (2, "s"), "description": (3, "s"), _EXTENSIONS: (7, "any")},
    "PathItem": {
        "$ref": (1, "s"), "get": (2, "Operation"), "put": (3, "Operation"), "post": (4, "Operation"),
        "delete": (5, "Operation"), "options": (6, "Operation"), "head": (7, "Operation"), "patch": (8, "Operation"),
        "parameters": (9, "[ParametersItem]"), _EXTENSIONS: (10, "any"),
    },
    "Operation": {
        "tags": (1, "[s]"), "summary": (2, "s"), "description": (3, "s"), "operationId": (5, "s"),
        "produces": (6, "[s]"), "consumes": (7, "[s]"), "parameters": (8, "[ParametersItem]"),
        "responses": (9, "Responses"), "schemes": (10, "[s]"), "deprecated": (11, "b"), _EXTENSIONS: (13, "any"),
    },
    "BodyParameter": {
        "description": (1, "s"), "name": (2, "s"), "in": (3, "s"), "required": (4, "b"), "schema": (5, "Schema"),
        _EXTENSIONS: (6, "any"),
    },
    "QueryParameter": {
        "required": (1, "b"), "in": (2, "s"), "description": (3, "s"), "name": (4, "s"), "allowEmptyValue": (5, "b"),
        "type": (6, "s"), "format": (7, "s"), "default": (10, "any"), "pattern": (17, "s"), "uniqueItems": (20, "b"),
        _EXTENSIONS: (23, "any"),
    },
    "PathParameter": {  # and HeaderParameter, which has the same numbers
        "required": (1, "b"), "in": (2, "s"), "description": (3, "s"), "name": (4, "s"), "type": (5, "s"),
        "format": (6, "s"), "default": (9, "any"), "pattern": (16, "s"), "uniqueItems": (19, "b"),
        _EXTENSIONS: (22, "any"),
    },
    "JsonReference": {"$ref": (1, "s"), "description": (2, "s")},
    "Response": {"description": (1, "s"), "schema": (2, "SchemaItem"), _EXTENSIONS: (5, "any")},
    "Schema": {
        "$ref": (1, "s"), "format": (2, "s"), "title": (3, "s"), "description": (4, "s"), "default": (5, "any"),
        "multipleOf": (6, "d"), "maximum": (7, "d"), "exclusiveMaximum": (8, "b"), "minimum": (9, "d"),
        "exclusiveMinimum": (10, "b"), "maxLength": (11, "i"), "minLength": (12, "i"), "pattern": (13, "s"),
        "maxItems": (14, "i"), "minItems": (15, "i"), "uniqueItems": (16, "b"), "maxProperties": (17, "i"),
        "minProperties": (18, "i"), "required": (19, "[s]"), "enum": (20, "[any]"),
        "additionalProperties": (21, "AdditionalPropertiesItem"), "type": (22, "TypeItem"), "items": (23, "ItemsItem"),
        "allOf": (24, "[Schema]"), "properties": (25, "{Schema}"), "discriminator": (26, "s"), "readOnly": (27, "b"),
        "example": (30, "any"), _EXTENSIONS: (31, "any"),
    },
}  # fmt: skip
_VARINT, _FIXED64, _BYTES = 0, 1, 2


def encode(document: Mapping[str, Any]) -> bytes:
    """A Swagger 2.0 document as the message openapi.v2.Document."""
    return b"".join(encoded(document))


def encoded(document: Mapping[str, Any]) -> Iterator[bytes]:
    """The same in pieces, one per member of the document. Any value with ``items()`` counts as an object."""
    for member in document.items():
        yield _message("Document", dict([member]))


def _message(name: str, value: Mapping[str, Any]) -> bytes:
    table, parts = _MESSAGES[name], []
    for key, each in value.items():
        if key in table:
            number, kind = table[key]
            parts.append(_field(number, kind, each))
        elif key.startswith(_EXTENSIONS) and _EXTENSIONS in table:
            parts.append(_chunk(table[_EXTENSIONS][0], _named(key, _any(each))))
    return b"".join(parts)


def _field(number: int, kind: str, value: Any) -> bytes:
    if kind[0] == "[":
        return b"".join(_single(number, kind[1:-1], each) for each in value)
    if kind[0] == "{":  # a message whose first field is the repeated pairs
        write = _writer(kind[1:-1])
        return _chunk(number, b"".join(_chunk(1, _named(name, write(each))) for name, each in value.items()))
    return _single(number, kind, value)


def _single(number: int, kind: str, value: Any) -> bytes:
    if kind == "b":
        return varint(number << 3 | _VARINT) + (b"\1" if value else b"\0")
    if kind == "i":
        return varint(number << 3 | _VARINT) + varint(value & (1 << 64) - 1)
    if kind == "d":
        return varint(number << 3 | _FIXED64) + struct.pack("<d", value)
    return _chunk(number, _writer(kind)(value))


def _writer(kind: str) -> Callable[[Any], bytes]:
    return _SPECIAL.get(kind) or (lambda value: _message(kind, value))


def _chunk(number: int, data: bytes) -> bytes:
    return varint(number << 3 | _BYTES) + varint(len(data)) + data


def _named(name: str, value: bytes) -> bytes:
    return _chunk(1, name.encode()) + _chunk(2, value)


def _any(value: Any) -> bytes:
    return _chunk(2, msgspec.json.encode(value))


def _parameter(value: Mapping[str, Any]) -> bytes:
    """A ParametersItem: a reference, a body parameter, or one of the four other kinds."""
    if "$ref" in value:
        return _chunk(2, _message("JsonReference", value))
    if value.get("in") == "body":
        return _chunk(1, _chunk(1, _message("BodyParameter", value)))
    number, name = {"header": (1, "PathParameter"), "query": (3, "QueryParameter")}.get(
        value.get("in", ""), (4, "PathParameter")
    )
    return _chunk(1, _chunk(2, _chunk(number, _message(name, value))))


def _paths(value: Mapping[str, Any]) -> bytes:
    return b"".join(_chunk(2, _named(path, _message("PathItem", item))) for path, item in value.items())


def _responses(value: Mapping[str, Any]) -> bytes:
    return b"".join(
        _chunk(1, _named(code, _chunk(*((2, _message("JsonReference", each)) if "$ref" in each else
                                        (1, _message("Response", each))))))
        for code, each in value.items()
    )  # fmt: skip


def _additional(value: Any) -> bytes:
    return _single(2, "b", value) if isinstance(value, bool) else _chunk(1, _message("Schema", value))


def _types(value: Any) -> bytes:
    return b"".join(_chunk(1, name.encode()) for name in ([value] if isinstance(value, str) else value))


def _items(value: Any) -> bytes:
    return b"".join(_chunk(1, _message("Schema", each)) for each in (value if isinstance(value, list) else [value]))


_SPECIAL: dict[str, Callable[[Any], bytes]] = {
    "s": lambda value: str(value).encode(),
    "any": _any,
    "ParametersItem": _parameter,
    "Paths": _paths,
    "Responses": _responses,
    "SchemaItem": lambda value: _chunk(1, _message("Schema", value)),
    "AdditionalPropertiesItem": _additional,
    "TypeItem": _types,
    "ItemsItem": _items,
}
