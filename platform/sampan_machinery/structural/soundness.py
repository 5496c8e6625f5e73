"""Checks whether a schema is structural, before a kind with it is served.

Source: apiextensions.k8s.io/v1, "Specifying a structural schema" (meaning only).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sampan_machinery import names
from sampan_machinery.structural.checking import AT_MOST_ONE, IMMUTABLE, NAME, ONE_OF, ORDERED, check
from sampan_machinery.structural.nodes import INT_OR_STRING, LIST_KEYS, LIST_TYPE, PRESERVE, RULES
from sampan_machinery.types import Node

TYPES = ("object", "array", "string", "integer", "number", "boolean")
_DEEPEST = 64
#: What declared rules of a built-in kind may say: no types, defaults or list types, which are known.
RULE_WORDS = frozenset({
    "properties", "items", "additionalProperties", "required", "enum", "minimum", "maximum", "exclusiveMinimum",
    "exclusiveMaximum", "multipleOf", "pattern", "minLength", "maxLength", "minItems", "maxItems", "minProperties",
    "maxProperties", NAME, IMMUTABLE, ONE_OF, AT_MOST_ONE, ORDERED,
})  # fmt: skip


def complaints(schema: Any, path: str = "", depth: int = 0) -> Iterator[str]:
    """Sentences, each with the field's path; none: the schema can be used."""
    at = path or "the object"
    if not isinstance(schema, Mapping):
        yield f"{at}: a schema is a mapping, not {schema!r}"
        return
    if depth > _DEEPEST:
        yield f"{at}: nested deeper than {_DEEPEST}"
        return
    if "$ref" in schema:
        yield f"{at}: $ref cannot be used; write the schema out"
    if RULES in schema:
        from sampan_machinery.expressions import rules  # CEL, for the schemas that use it

        yield from rules.complaints(schema, path)
    yield from _type(schema, at, root=not path)
    yield from _pattern(schema, at)
    properties, more = schema.get("properties"), schema.get("additionalProperties")
    if properties and more:
        yield f"{at}: properties and additionalProperties exclude each other"
    for name, below in (properties or {}).items():
        yield from complaints(below, f"{path}.{name}" if path else name, depth + 1)
    if isinstance(more, Mapping):
        yield from complaints(more, f"{path}.*", depth + 1)
    if schema.get("type") == "array":
        yield from _list(schema, at, path, depth)
    yield from _default(schema, at)


def _type(schema: Mapping[str, Any], at: str, *, root: bool) -> Iterator[str]:
    kind = schema.get("type")
    if root and kind != "object":
        yield "the object: its type must be object"
    elif kind is None and not schema.get(INT_OR_STRING) and not schema.get(PRESERVE):
        yield f"{at}: a type is missing; one of {', '.join(TYPES)}, {INT_OR_STRING} or {PRESERVE}"
    elif kind is not None and kind not in TYPES:
        yield f"{at}: {kind!r} is no type; one of {', '.join(TYPES)}"


def _pattern(schema: Mapping[str, Any], at: str) -> Iterator[str]:
    if "pattern" in schema:
        from sampan_cel import CelError, regex  # RE2, for schemas that have a pattern

        try:
            regex.compiled(schema["pattern"])
        except (CelError, TypeError) as error:
            yield f"{at}: the pattern cannot be used: {error}"
    if NAME in schema and schema[NAME] not in names.RULES:
        yield f"{at}: {NAME} is one of {', '.join(sorted(names.RULES))}, not {schema[NAME]!r}"


def _list(schema: Mapping[str, Any], at: str, path: str, depth: int) -> Iterator[str]:
    items = schema.get("items")
    if items is None:
        yield f"{at}: an array needs items"
        return
    yield from complaints(items, f"{path}[*]", depth + 1)
    if schema.get(LIST_TYPE) != "map" or not isinstance(items, Mapping):
        return
    keys = schema.get(LIST_KEYS) or ()
    if not keys:
        yield f"{at}: {LIST_TYPE} map needs {LIST_KEYS}"
    for key in keys:
        below = (items.get("properties") or {}).get(key)
        if below is None:
            yield f"{at}: the list key {key!r} is no field of its items"
        elif key not in (items.get("required") or ()) and "default" not in below:
            yield f"{at}: the list key {key!r} must be required or have a default"


def _default(schema: Mapping[str, Any], at: str) -> Iterator[str]:
    if "default" in schema:
        for problem in check(schema["default"], schema, at):
            yield f"{at}: the default does not fit: {problem.message}"


def rule_complaints(rules: Any, node: Node | None, path: str = "") -> Iterator[str]:
    """Sentences about the declared rules of a built-in kind, whose type is ``node``: unknown words and fields."""
    at = path or "the object"
    if not isinstance(rules, Mapping) or node is None:
        yield f"{at}: rules are a mapping, for a kind of Kubernetes' own"
        return
    for word in rules:
        if word not in RULE_WORDS:
            yield f"{at}: {word!r} is no word of a rule; known are {', '.join(sorted(RULE_WORDS))}"
    yield from _pattern(rules, at)
    properties: Mapping[str, Any] = rules.get("properties") or {}
    groups = [name for word in (ONE_OF, AT_MOST_ONE, ORDERED) for group in rules.get(word) or () for name in group]
    for name in (*properties, *(rules.get("required") or ()), *groups):
        if node.field(name) is None:
            yield f"{at}: {name!r} is no field of it"
    for name, below in properties.items():
        if (type_ := node.field(name)) is not None:
            yield from rule_complaints(below, type_, f"{path}.{name}" if path else name)
    for word in ("items", "additionalProperties"):
        if word in rules:
            yield from rule_complaints(rules[word], node.item(), f"{path}[*]")
