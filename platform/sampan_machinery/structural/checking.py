"""Validation against a structural schema, worded as the API server words it for custom resources.

Source: kube-openapi validation errors and apiextensions-apiserver's rendering of them (wording only).
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from sampan.contracts.kinds import Problem
from sampan_machinery import problems
from sampan_machinery.structural import formats
from sampan_machinery.structural.nodes import EMBEDDED, INT_OR_STRING, LIST_KEYS, LIST_TYPE, Schema

MOST = 100  # problems named in one answer
pattern_of = functools.lru_cache(1024)(re.compile)


def json_type(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return "integer"
    return {str: "string", float: "number", dict: "object", list: "array"}[type(value)]


def check(value: Any, schema: Schema, path: str) -> Iterator[Problem]:
    """Everything wrong with a value; a value of the wrong type is not looked at further."""
    found = json_type(value)
    if value is None:
        if not schema.get("nullable") and schema.get("type"):
            yield _wrong_type(path, str(schema["type"]), found)
        return
    wanted = schema.get("type")
    if schema.get(INT_OR_STRING):
        if found not in ("integer", "string"):
            yield _wrong_type(path, "integer,string", found)
            return
    elif wanted and found != wanted and not (wanted == "number" and found == "integer"):
        yield _wrong_type(path, wanted, found)
        return
    if "enum" in schema and not any(_same(value, each) for each in schema["enum"]):
        yield problems.unsupported(path, value, [_word(each) for each in schema["enum"]])
    if "format" in schema and not formats.fits(value, schema["format"]):
        yield _invalid_type(path, value, f"{path} in body must be of type {schema['format']}: {json.dumps(value)}")
    if isinstance(value, dict):
        yield from _check_object(value, schema, path)
    elif isinstance(value, list):
        yield from _check_list(value, schema, path)
    elif isinstance(value, str):
        yield from _check_text(value, schema, path)
    elif not isinstance(value, bool):
        yield from _check_number(value, schema, path)
    yield from _check_together(value, schema, path)


def _check_object(value: dict[str, Any], schema: Schema, path: str) -> Iterator[Problem]:
    for name in schema.get("required") or ():
        if name not in value:
            yield problems.required(_below(path, name))
    if schema.get(EMBEDDED):
        for name in ("apiVersion", "kind"):
            if not value.get(name):
                yield problems.required(_below(path, name), "must not be empty")
    least, most = schema.get("minProperties"), schema.get("maxProperties")
    if least is not None and len(value) < least:
        yield problems.invalid(path, value, f"{path} in body should have at least {least} properties")
    if most is not None and len(value) > most:
        yield _too_many(path, len(value), most)
    properties: Mapping[str, Schema] = schema.get("properties") or {}
    more = schema.get("additionalProperties")
    for name, child in value.items():
        below = properties.get(name)
        if below is None and isinstance(more, Mapping):
            below = more
        if below is not None:
            yield from check(child, below, _below(path, name))


def _check_list(value: list[Any], schema: Schema, path: str) -> Iterator[Problem]:
    least, most = schema.get("minItems"), schema.get("maxItems")
    if least is not None and len(value) < least:
        yield problems.invalid(path, value, f"{path} in body should have at least {least} items")
    if most is not None and len(value) > most:
        yield _too_many(path, len(value), most)
    items = schema.get("items")
    if isinstance(items, Mapping):
        for index, child in enumerate(value):
            yield from check(child, items, f"{path}[{index}]")
    if schema.get(LIST_TYPE) in ("set", "map"):
        yield from _check_unique(value, schema, path)


def _check_unique(value: list[Any], schema: Schema, path: str) -> Iterator[Problem]:
    keys = schema.get(LIST_KEYS) or ()
    items: Mapping[str, Schema] = (schema.get("items") or {}).get("properties") or {}
    seen: set[str] = set()
    for index, child in enumerate(value):
        shown = child
        if keys and isinstance(child, dict):
            shown = {key: child.get(key, items.get(key, {}).get("default")) for key in keys}
        text = json.dumps(shown, sort_keys=True)
        if text in seen:
            yield problems.duplicate(f"{path}[{index}]", shown)
        seen.add(text)


def _check_text(value: str, schema: Schema, path: str) -> Iterator[Problem]:
    least, most, pattern = schema.get("minLength"), schema.get("maxLength"), schema.get("pattern")
    if most is not None and len(value) > most:
        yield problems.too_long(path, most)
    if least is not None and len(value) < least:
        yield problems.invalid(path, value, f"{path} in body should be at least {least} chars long")
    if pattern and not pattern_of(pattern).search(value):
        yield problems.invalid(path, value, f"{path} in body should match '{pattern}'")


def _check_number(value: float, schema: Schema, path: str) -> Iterator[Problem]:
    least, most, step = schema.get("minimum"), schema.get("maximum"), schema.get("multipleOf")
    if most is not None and (value >= most if schema.get("exclusiveMaximum") else value > most):
        words = "less than" if schema.get("exclusiveMaximum") else "less than or equal to"
        yield problems.invalid(path, value, f"{path} in body should be {words} {_number(most)}")
    if least is not None and (value <= least if schema.get("exclusiveMinimum") else value < least):
        words = "greater than" if schema.get("exclusiveMinimum") else "greater than or equal to"
        yield problems.invalid(path, value, f"{path} in body should be {words} {_number(least)}")
    if step and abs(value / step - round(value / step)) > 1e-9:
        yield problems.invalid(path, value, f"{path} in body should be a multiple of {_number(step)}")


def _check_together(value: Any, schema: Schema, path: str) -> Iterator[Problem]:
    """allOf, anyOf, oneOf, not: value checks only, their fields are in the properties beside them."""

    def fit(below: Schema) -> bool:
        return next(check(value, below, path), None) is None

    quoted = json.dumps(path)
    for below in schema.get("allOf") or ():
        yield from check(value, below, path)
    if schema.get("anyOf") and not any(fit(below) for below in schema["anyOf"]):
        yield problems.invalid(path, value, f"{quoted} must validate at least one schema (anyOf)")
    if schema.get("oneOf") and (fitting := sum(fit(below) for below in schema["oneOf"])) != 1:
        found = "Found none valid" if not fitting else f"Found {fitting} valid alternatives"
        yield problems.invalid(path, value, f"{quoted} must validate one and only one schema (oneOf). {found}")
    if schema.get("not") and fit(schema["not"]):
        yield problems.invalid(path, value, f"{quoted} must not validate the schema (not)")


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _same(value: Any, other: Any) -> bool:
    """Equal as JSON: true is not 1, 1 is 1.0."""
    return json_type(value) == json_type(other) and bool(value == other)


def _word(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _wrong_type(path: str, wanted: str, found: str) -> Problem:
    return _invalid_type(path, found, f'{path} in body must be of type {wanted}: "{found}"')


def _invalid_type(path: str, value: Any, detail: str) -> Problem:
    return Problem(path, "FieldValueTypeInvalid", f"Invalid value: {problems.shown(value)}: {detail}")


def _too_many(path: str, count: int, most: int) -> Problem:
    return Problem(path, "FieldValueTooMany", f"Too many: {count}: must have at most {most} items")


def _number(value: float) -> str:
    """As Go prints a float64: no decimals where there are none."""
    text = f"{value:g}"
    return text if float(text) == value else repr(value)
