"""The checker of values against schemas: structural ones of custom kinds, and the declared rules of built-in kinds.

One walk, two wordings (``wording``). Beside the words of OpenAPI there are some of ours, for what OpenAPI cannot say:

    x-sampan-name         which of ``names.RULES`` a text follows: "label", "subdomain" …
    x-sampan-immutable    true: an update may not change the field, and nothing else of it is looked at then
    x-sampan-one-of       [["a", "b"], …]: of each list exactly one field is set
    x-sampan-at-most-one  [["a", "b"], …]: of each list one field is set, or none
    x-sampan-ordered      [["min", "max"], …]: the first is not greater than the second, where both are set
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from sampan.contracts.kinds import Problem
from sampan_machinery import names, problems, quantities, validation
from sampan_machinery.structural import formats
from sampan_machinery.structural.nodes import EMBEDDED, INT_OR_STRING, LIST_KEYS, LIST_TYPE, Schema
from sampan_machinery.structural.wording import CUSTOM, Bounds, Wording, ticked

MOST = 100  # problems named in one answer
NAME, IMMUTABLE, ONE_OF, AT_MOST_ONE, ORDERED = (
    "x-sampan-name", "x-sampan-immutable", "x-sampan-one-of", "x-sampan-at-most-one", "x-sampan-ordered",
)  # fmt: skip
_compiled = functools.lru_cache(1024)(re.compile)
ABSENT: Any = object()  # of a former value: there was none, or it cannot be told which one it was


def json_type(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return "integer"
    return {str: "string", float: "number", dict: "object", list: "array"}[type(value)]


def check(
    value: Any,
    schema: Schema,
    path: str,
    *,
    old: Mapping[str, Any] | None = None,
    words: Wording = CUSTOM,
    former: Any = ABSENT,
) -> Iterator[Problem]:
    """Everything wrong with a value; a value of the wrong type is not looked at further. ``old``: the object that
    stands at this place before an update, for fields that may not change. ``former``: the value before an update; what
    is wrong with a value that did not change is let pass (ratcheting, KEP-4008)."""
    if former is ABSENT:
        yield from _check(value, schema, path, old, words, former)
        return
    found = list(_check(value, schema, path, old, words, former))
    if found and not is_same(value, former):
        yield from found


def is_same(value: Any, other: Any) -> bool:
    """Equal as JSON, true is not 1."""
    encode = msgspec.json.encode
    return bool(value == other) and encode(value, order="sorted") == encode(other, order="sorted")


def _check(
    value: Any, schema: Schema, path: str, old: Mapping[str, Any] | None, words: Wording, former: Any
) -> Iterator[Problem]:
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
        yield problems.unsupported_in_order(path, value, [_word(each) for each in schema["enum"]])
    if "format" in schema and not formats.fits(value, schema["format"]):
        yield _invalid_type(path, value, f"{path} in body must be of type {schema['format']}: {json.dumps(value)}")
    if isinstance(value, dict):
        yield from _check_object(value, schema, path, old, words, former)
    elif isinstance(value, list):
        yield from _check_list(value, schema, path, words, former)
    elif isinstance(value, str):
        yield from _check_text(value, schema, path, words)
    elif not isinstance(value, bool):
        yield from _check_number(value, schema, path, words)
    yield from _check_together(value, schema, path, words)


def _check_object(
    value: dict[str, Any], schema: Schema, path: str, old: Mapping[str, Any] | None, words: Wording, former: Any
) -> Iterator[Problem]:
    missing = [name for name in schema.get("required") or () if words.is_missing(value, name)]
    needed = [problems.required(_below(path, name)) for name in missing]
    if words is not CUSTOM:
        yield from needed
    if schema.get(EMBEDDED):
        yield from check_embedded(value, path)
    least, most = schema.get("minProperties"), schema.get("maxProperties")
    if least is not None and len(value) < least:
        yield words.few_fields(path, value, least)
    if most is not None and len(value) > most:
        yield _too_many(path, len(value), most)
    properties: Mapping[str, Schema] = schema.get("properties") or {}
    more = schema.get("additionalProperties")
    for name, child in value.items():
        below = properties.get(name)
        if below is None and isinstance(more, Mapping):
            below = more
        if below is not None and name not in missing and not (old is not None and below.get(IMMUTABLE)):
            before = old.get(name) if old else None
            was = former.get(name, ABSENT) if isinstance(former, dict) else ABSENT
            yield from check(child, below, _below(path, name), old=_mapping(before), words=words, former=was)
    if words is CUSTOM:  # kube-openapi looks for what is missing last
        yield from needed
    if old is not None:
        yield from _check_unchanged(value, properties, path, old)
    yield from _check_fields_together(value, schema, path)


def check_embedded(value: dict[str, Any], path: str) -> Iterator[Problem]:
    """What an object within another needs. Source: apiextensions-apiserver, pkg/apiserver/schema/objectmeta."""
    for name in ("apiVersion", "kind"):
        at, text = _below(path, name), value.get(name)
        if name not in value:
            yield problems.required(at)
        elif not isinstance(text, str):
            yield problems.invalid(at, text, "must be a string")
        elif not text:
            yield problems.invalid(at, text, "must not be empty")
        elif name == "apiVersion" and text.count("/") > 1:
            yield problems.invalid(at, text, f"unexpected GroupVersion string: {text}")
        elif name == "kind" and (wrong := names.dns_label_1035(text.lower())):
            yield problems.invalid(at, text, f"may have mixed case, but should otherwise match: {','.join(wrong)}")
    if "metadata" in value:
        yield from _check_embedded_metadata(value["metadata"], _below(path, "metadata"))


def _check_embedded_metadata(found: Any, path: str) -> Iterator[Problem]:
    if not isinstance(found, dict):
        yield problems.invalid(
            path, found, f"json: cannot unmarshal {json_type(found)} into Go value of type v1.ObjectMeta"
        )
        return
    for name, check_all in (("labels", validation.validate_labels), ("annotations", validation.validate_annotations)):
        texts = found.get(name) or {}
        if not isinstance(texts, dict) or not all(isinstance(each, str) for each in texts.values()):
            yield problems.invalid(path, found, f"metadata.{name} must be a map of strings")
        else:
            yield from check_all(texts, _below(path, name))
    name = found.get("name") or ""
    if not isinstance(name, str):
        yield problems.invalid(path, found, "metadata.name must be a string")
    else:
        yield from validation.by_rule(_below(path, "name"), name, names.path_segment)


def _check_unchanged(
    value: dict[str, Any], properties: Mapping[str, Schema], path: str, old: Mapping[str, Any]
) -> Iterator[Problem]:
    for name, below in properties.items():
        if below.get(IMMUTABLE) and value.get(name) != old.get(name):
            yield problems.invalid(_below(path, name), value.get(name), "field is immutable")


def _check_fields_together(value: dict[str, Any], schema: Schema, path: str) -> Iterator[Problem]:
    for word, amount in ((ONE_OF, "exactly"), (AT_MOST_ONE, "at most")):
        for group in schema.get(word) or ():
            given = [name for name in group if value.get(name) is not None]
            if len(given) > 1:
                yield problems.invalid(
                    path, f"{{{', '.join(given)}}}", f"must specify {amount} one of: {ticked(group)}"
                )
            elif not given and word == ONE_OF:
                yield problems.invalid(path, "", f"must specify one of: {ticked(group)}")
    for low, high in schema.get(ORDERED) or ():
        if value.get(low) is not None and value.get(high) is not None and _greater(value[low], value[high]):
            yield problems.invalid(_below(path, high), value[high], f"must be greater than or equal to `{low}`")


def _greater(one: Any, other: Any) -> bool:
    """Numbers as numbers, quantities as quantities. What is neither is not compared."""
    if all(isinstance(each, int | float) for each in (one, other)):
        return bool(one > other)
    return all(map(quantities.is_quantity, (one, other))) and quantities.compare(one, other) > 0


def _mapping(value: Any) -> Mapping[str, Any] | None:
    return value if isinstance(value, dict) else None


def _check_list(value: list[Any], schema: Schema, path: str, words: Wording, former: Any) -> Iterator[Problem]:
    least, most = schema.get("minItems"), schema.get("maxItems")
    if least is not None and len(value) < least:
        yield words.short_list(path, value, least)
    if most is not None and len(value) > most:
        yield _too_many(path, len(value), most)
    items = schema.get("items")
    if isinstance(items, Mapping):
        before = _by_key(former, schema) if isinstance(former, list) else None
        for index, child in enumerate(value):
            was = before.get(_key_of(child, schema), ABSENT) if before else ABSENT
            yield from check(child, items, f"{path}[{index}]", words=words, former=was)
    if schema.get(LIST_TYPE) in ("set", "map"):
        yield from check_unique(value, schema, path)


def _by_key(items: list[Any], schema: Schema) -> dict[str, Any]:
    """Former items that can be told from each other, by their keys: those of a list that is a map."""
    if schema.get(LIST_TYPE) != "map":
        return {}
    return {_key_of(each, schema): each for each in items if isinstance(each, dict)}


def _key_of(item: Any, schema: Schema) -> str:
    return json.dumps([item.get(key) for key in schema.get(LIST_KEYS) or ()]) if isinstance(item, dict) else ""


def check_unique(value: list[Any], schema: Schema, path: str) -> Iterator[Problem]:
    """Doubles in a list that is a set or a map: of each value the second."""
    keys = schema.get(LIST_KEYS) or ()
    items: Mapping[str, Schema] = (schema.get("items") or {}).get("properties") or {}
    seen: dict[str, int] = {}
    for index, child in enumerate(value):
        shown = child
        if keys and isinstance(child, dict):
            shown = {key: child.get(key, items.get(key, {}).get("default")) for key in keys}
        text = json.dumps(shown, sort_keys=True)
        seen[text] = seen.get(text, 0) + 1
        if seen[text] == 2:
            yield problems.duplicate(f"{path}[{index}]", shown)


def _check_text(value: str, schema: Schema, path: str, words: Wording) -> Iterator[Problem]:
    least, most, pattern = schema.get("minLength"), schema.get("maxLength"), schema.get("pattern")
    found = []
    if most is not None and len(value) > most:
        found.append(problems.too_long(path, most))
    if least is not None and len(value) < least:
        found.append(words.short_text(path, value, least))
    if pattern and not (found and words is CUSTOM) and not _matches(value, pattern, words):
        found.append(words.pattern(path, value, pattern))
    yield from found[:1] if words is CUSTOM else found
    if rule := schema.get(NAME):
        for complaint in names.RULES[rule](value):
            yield problems.invalid(path, value, complaint)


def _matches(value: str, pattern: str, words: Wording) -> bool:
    """Clients' patterns are RE2's, as in Go, and never take for ever; those of built-in kinds do without loading it."""
    if words is not CUSTOM:
        return _compiled(pattern).search(value) is not None
    from sampan_cel import regex

    return regex.matches(value, pattern)


def _check_number(value: float, schema: Schema, path: str, words: Wording) -> Iterator[Problem]:
    least, most, step = schema.get("minimum"), schema.get("maximum"), schema.get("multipleOf")
    under, over = bool(schema.get("exclusiveMinimum")), bool(schema.get("exclusiveMaximum"))
    if most is not None and (value >= most if over else value > most):
        yield words.number(path, value, Bounds(least, most, high=True, exclusive=over))
    if least is not None and (value <= least if under else value < least):
        yield words.number(path, value, Bounds(least, most, high=False, exclusive=under))
    if step and abs(value / step - round(value / step)) > 1e-9:
        yield words.multiple(path, value, step)


def _check_together(value: Any, schema: Schema, path: str, words: Wording) -> Iterator[Problem]:
    """allOf, anyOf, oneOf, not: value checks only, their fields are in the properties beside them."""

    def fit(below: Schema) -> bool:
        return next(check(value, below, path, words=words), None) is None

    quoted = json.dumps(path)
    for below in schema.get("allOf") or ():
        yield from check(value, below, path, words=words)
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
