"""Whether a schema is structural. Source: apiextensions-apiserver, pkg/apiserver/schema/{validation,complete}.go."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sampan.contracts.kinds import Object, Problem
from sampan_crds.validation.patterns import complaint_of
from sampan_machinery import problems
from sampan_machinery.structural.nodes import EMBEDDED, INT_OR_STRING, LIST_KEYS, LIST_TYPE, MAP_TYPE, PRESERVE, RULES

_INT_OR_STRING = [{"type": "integer"}, {"type": "string"}]
_EMPTY = {"root": "at the root", "item": "for specified array items", "field": "for specified object fields"}
#: Words that a schema below allOf, anyOf, oneOf and not may not have, and what they must be.
_FORBIDDEN = {
    "type": "empty", "default": "undefined", "title": "empty", "description": "empty", "nullable": "false",
    PRESERVE: "false", EMBEDDED: "false", INT_OR_STRING: "false", LIST_KEYS: "empty", LIST_TYPE: "undefined",
    MAP_TYPE: "undefined", RULES: "empty",
}  # fmt: skip
_ROOT_METADATA = "must not specify anything other than name and generateName, but metadata is implicitly specified"


def check_structure(schema: Object, path: str) -> list[Problem]:
    """All that keeps a schema from being structural, in the order of the texts."""
    found = [*_check_node(schema, path, "root"), *_check_complete(schema, schema, path, path)]
    return sorted(found, key=lambda problem: f"{problem.path}: {problem.message}")


def _check_node(schema: Object, path: str, level: str) -> Iterator[Problem]:
    items, more = schema.get("items"), schema.get("additionalProperties")
    if schema.get("type") == "array" and items is None:
        yield problems.required(f"{path}.items", "must be specified")
    if isinstance(items, dict):
        yield from _check_node(items, f"{path}.items", "item")
    for name, below in (schema.get("properties") or {}).items():
        yield from _check_node(below, f"{path}.properties[{name}]", "field")
    if more is not None:
        if level == "root":
            yield problems.forbidden(f"{path}.additionalProperties", "must not be used at the root")
        if isinstance(more, dict):
            yield from _check_node(more, f"{path}.additionalProperties", "field")
    for word in (PRESERVE, EMBEDDED):
        if schema.get(INT_OR_STRING) and schema.get(word):
            yield problems.invalid(f"{path}.{word}", True, f"must be false if {INT_OR_STRING} is true")
    yield from _check_values(schema, path, level)
    yield from _check_type(schema, path, level)
    yield from _check_metadata(schema, path, level)
    if schema.get(EMBEDDED) and not schema.get(PRESERVE) and not schema.get("properties"):
        yield problems.required(f"{path}.properties", f"must not be empty if {EMBEDDED} is true without {PRESERVE}")


def _check_type(schema: Object, path: str, level: str) -> Iterator[Problem]:
    kind = schema.get("type") or ""
    if schema.get(EMBEDDED) and kind != "object":
        detail = f"must be object if {EMBEDDED} is true"
        yield problems.invalid(f"{path}.type", kind, detail) if kind else problems.required(f"{path}.type", detail)
    elif not kind and not schema.get(INT_OR_STRING) and not schema.get(PRESERVE):
        yield problems.required(f"{path}.type", f"must not be empty {_EMPTY[level]}")
    if schema.get(EMBEDDED) and schema.get("additionalProperties") is not None:
        yield problems.forbidden(f"{path}.additionalProperties", f"must not be used if {EMBEDDED} is set")
    if level == "root" and kind and kind != "object":
        yield problems.invalid(f"{path}.type", kind, "must be object at the root")


def _check_metadata(schema: Object, path: str, level: str) -> Iterator[Problem]:
    is_object = level == "root" or bool(schema.get(EMBEDDED))
    properties = schema.get("properties") or {}
    for name in ("kind", "apiVersion"):
        kind = (properties.get(name) or {}).get("type") or ""
        if is_object and name in properties and kind != "string":
            yield problems.invalid(f"{path}.properties[{name}].type", kind, "must be string")
    if "metadata" not in properties:
        return
    metadata, at = properties["metadata"], f"{path}.properties[metadata]"
    if is_object and metadata.get("type") != "object":
        yield problems.invalid(f"{at}.type", metadata.get("type") or "", "must be object")
    if level == "root":
        rest = {word: value for word, value in metadata.items() if word not in ("type", "default")}
        if set(rest.get("properties") or ()) <= {"name", "generateName"}:
            rest.pop("properties", None)
        if rest:
            yield problems.forbidden(at, _ROOT_METADATA)


def _check_values(schema: Object, path: str, level: str) -> Iterator[Problem]:
    """The value validations of a schema, whether it is structural itself or below a junctor."""
    if schema.get("anyOf") != _INT_OR_STRING:
        for index, below in enumerate(schema.get("anyOf") or ()):
            yield from _check_nested(below, f"{path}.anyOf[{index}]", level)
    for index, below in enumerate(schema.get("allOf") or ()):
        first = index == 0 and below.get("anyOf") == _INT_OR_STRING
        rest = {word: value for word, value in below.items() if word != "anyOf"} if first else below
        yield from _check_nested(rest, f"{path}.allOf[{index}]", level)
    for index, below in enumerate(schema.get("oneOf") or ()):
        yield from _check_nested(below, f"{path}.oneOf[{index}]", level)
    if isinstance(schema.get("not"), dict):
        yield from _check_nested(schema["not"], f"{path}.not", level)
    if (pattern := schema.get("pattern")) and (wrong := complaint_of(pattern)):
        yield problems.invalid(f"{path}.pattern", pattern, f"must be a valid regular expression, but isn't: {wrong}")


def _check_nested(schema: Object, path: str, level: str) -> Iterator[Problem]:
    yield from _check_values(schema, path, level)
    if isinstance(schema.get("items"), dict):
        yield from _check_nested(schema["items"], f"{path}.items", level)
    for name, below in (schema.get("properties") or {}).items():
        yield from _check_nested(below, f"{path}.properties[{name}]", "field")
    for word, wanted in _FORBIDDEN.items():
        if schema.get(word) or (word == "default" and "default" in schema):
            yield problems.forbidden(f"{path}.{word}", f"must be {wanted} to be structural")
    if schema.get("additionalProperties"):
        yield problems.forbidden(f"{path}.additionalProperties", "must be undefined to be structural")
    if "metadata" in (schema.get("properties") or {}):
        yield problems.forbidden(f"{path}.properties[metadata]", "must not be specified in a nested context")


def _check_complete(schema: Any, spine: Any, at: str, path: str, *, nested: bool = False) -> Iterator[Problem]:
    """What a junctor says of a field or item needs its counterpart in the spine: the schema outside of junctors."""
    if not isinstance(schema, dict):
        return
    if not isinstance(spine, dict):
        yield problems.required(at, f"because it is defined in {path}")
        return
    yield from _check_complete(schema.get("not"), spine, at, f"{path}.not", nested=True)
    for word in ("allOf", "anyOf", "oneOf"):
        for index, below in enumerate(schema.get(word) or ()):
            yield from _check_complete(below, spine, at, f"{path}.{word}[{index}]", nested=True)
    if not nested:
        return
    yield from _check_complete(schema.get("items"), spine.get("items"), f"{at}.items", f"{path}.items", nested=True)
    for name, below in (schema.get("properties") or {}).items():
        known = (spine.get("properties") or {}).get(name)
        place = f".properties[{name}]"
        yield from _check_complete(below, known, at + place, path + place, nested=True)
