"""The schema of a version: what a definition may say in it. Structure first, then defaults, words and rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from sampan.contracts.kinds import Object, Problem
from sampan_crds.validation.defaults import check_defaults
from sampan_crds.validation.lists import check_list, check_map
from sampan_crds.validation.rules import check_compiled, check_costs, check_rules
from sampan_crds.validation.structure import check_structure
from sampan_machinery import problems
from sampan_machinery.structural.nodes import EMBEDDED, LIST_TYPE, MAP_TYPE, PRESERVE, RULES

_TYPES = ("array", "boolean", "integer", "number", "object", "string")
_META = ("metadata", "kind", "apiVersion")
_UNSUPPORTED = ("additionalItems", "patternProperties", "definitions", "dependencies", "$ref")
_AT_ROOT = (
    "Description", "Type", "Format", "Title", "Maximum", "ExclusiveMaximum", "Minimum", "ExclusiveMinimum", "MaxLength",
    "MinLength", "Pattern", "MaxItems", "MinItems", "UniqueItems", "MultipleOf", "Required", "Items", "Properties",
    "ExternalDocs", "Example", "XPreserveUnknownFields", "XValidations",
)  # fmt: skip
_GO = {PRESERVE: "XPreserveUnknownFields", RULES: "XValidations"}


@dataclass(frozen=True)
class Place:
    """Where in a schema something stands, as far as that decides what it may say."""

    no_defaults: str | None = None  # why there may be none
    in_metadata: bool = False
    uncorrelated: str = ""  # the path of what has no former self, so that rules below cannot name oldSelf
    has_rules: bool = True  # CEL is looked at: not below junctors


def check_schema(schema: Object, path: str, *, has_status: bool, is_known: bool) -> Iterator[Problem]:
    """``path`` is that of the field ``schema``. ``is_known``: the definition had this very schema already."""
    at = f"{path}.openAPIV3Schema"
    found = [*_check_root(schema, path, has_status=has_status)]
    structure = check_structure(schema, at)
    defaults = [] if structure else list(check_defaults(schema, at))
    found += structure or defaults
    place = Place(has_rules=not structure and not defaults)
    words, rules = _check(schema, at, place, root=True)
    yield from (*found, *words, *rules)
    if place.has_rules and not words and not rules:
        yield from check_costs(schema, at, is_known=is_known)


def _check_root(schema: Object, path: str, *, has_status: bool) -> Iterator[Problem]:
    at = f"{path}.openAPIV3Schema"
    for word in schema if has_status else ():
        if word == "type" and schema["type"] != "object":
            detail = (
                'only "object" is allowed as the type at the root of the schema if the status subresource is enabled'
            )
            yield problems.invalid(f"{at}.type", schema["type"], detail)
            break
        if (_GO.get(word) or word[:1].upper() + word[1:]) not in _AT_ROOT:
            listed = " ".join(_AT_ROOT)
            detail = (
                f"only [{listed}] fields are allowed at the root of the schema if the status subresource is enabled"
            )
            yield problems.invalid(at, schema, detail)
            break
    if schema.get("nullable"):
        yield problems.forbidden(f"{at}.nullable", "nullable cannot be true at the root")


def _check(schema: Any, path: str, place: Place, *, root: bool = False) -> tuple[list[Problem], list[Problem]]:
    """What is wrong with a schema and those below: its words, and what its rules are worth."""
    if not isinstance(schema, dict):
        return [], []
    words = [*_check_words(schema, path, place)]
    compiled: list[Problem] = []
    for below, at, within in _below(schema, path, place, root=root):
        more_words, more_compiled = _check(below, at, within)
        words += more_words
        compiled += more_compiled
    words += [*check_map(schema, path), *check_list(schema, path)]
    if rules := schema.get(RULES):
        words += check_rules(rules, schema, f"{path}.{RULES}")
        if not words and place.has_rules:
            compiled += check_compiled(schema, f"{path}.{RULES}", root=root, uncorrelated=place.uncorrelated)
    return words, compiled


def _below(schema: Object, path: str, place: Place, *, root: bool) -> Iterator[tuple[Any, str, Place]]:
    """The schemas in a schema, with their paths and places."""
    if (more := schema.get("additionalProperties")) is not None:
        why = "inside additionalProperties applying to object metadata" if place.in_metadata else place.no_defaults
        yield more, f"{path}.additionalProperties", replace(place, no_defaults=why)
    for name, below in (schema.get("properties") or {}).items():
        within = place
        if schema.get(MAP_TYPE) not in (None, "granular", "atomic"):
            within = replace(within, uncorrelated=within.uncorrelated or path)
        if (root or schema.get(EMBEDDED)) and name in _META:
            why = f"in top-level {name}" if root else within.no_defaults
            within = replace(within, in_metadata=True, no_defaults=why)
        yield below, f"{path}.properties[{name}]", within
    free = replace(place, has_rules=False)
    yield schema.get("not"), f"{path}.not", free
    for word in ("allOf", "oneOf", "anyOf"):
        for index, below in enumerate(schema.get(word) or ()):
            yield below, f"{path}.{word}[{index}]", free
    if (items := schema.get("items")) is not None:
        within = place if schema.get(LIST_TYPE) == "map" else replace(place, uncorrelated=place.uncorrelated or path)
        yield items, f"{path}.items", within


def _check_words(schema: Object, path: str, place: Place) -> Iterator[Problem]:
    kind = schema.get("type") or ""
    if kind and kind not in _TYPES:
        yield problems.unsupported(f"{path}.type", kind, _TYPES)
    if "default" in schema and place.no_defaults is not None:
        yield problems.forbidden(f"{path}.default", f"must not be set {place.no_defaults}")
    if schema.get("id"):
        yield problems.forbidden(f"{path}.id", "id is not supported")
    for word in _UNSUPPORTED:
        if schema.get(word) is not None:
            yield problems.forbidden(f"{path}.{word}", f"{word} is not supported")
    if kind == "null":
        detail = "type cannot be set to null, use nullable as an alternative"
        yield problems.forbidden(f"{path}.type", detail)
    if isinstance(schema.get("items"), list):
        yield problems.forbidden(f"{path}.items", "items must be a schema object and not an array")
    if place.in_metadata and schema.get(EMBEDDED):
        yield problems.forbidden(f"{path}.{EMBEDDED}", "must not be used inside of resource meta")
    if schema.get("uniqueItems"):
        detail = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"
        yield problems.forbidden(f"{path}.uniqueItems", detail)
    more = schema.get("additionalProperties")
    if schema.get("properties") and more is not None and more is not True:
        detail = "additionalProperties and properties are mutual exclusive"
        yield problems.forbidden(f"{path}.additionalProperties", detail)
    if schema.get(PRESERVE) is False:
        yield problems.invalid(f"{path}.{PRESERVE}", False, "must be true or undefined")
