"""A schema as Go keeps it: without fields that JSONSchemaProps does not have, and without values that mean nothing.

The table of types knows the outermost schema only: below ``items`` and ``additionalProperties`` it takes anything,
because a boolean or a list may stand there. Source: apiextensions.k8s.io/v1 JSONSchemaProps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Schema = dict[str, Any]

_KEPT = frozenset({  # also where they are false, 0 or empty
    "default", "example", "maximum", "minimum", "multipleOf", "maxLength", "minLength", "maxItems", "minItems",
    "maxProperties", "minProperties", "additionalProperties", "additionalItems", "$ref",
    "x-kubernetes-preserve-unknown-fields", "x-kubernetes-list-type", "x-kubernetes-map-type",
})  # fmt: skip
_OMITTED = frozenset({  # where they are false, 0 or empty
    "id", "$schema", "description", "type", "format", "title", "pattern", "exclusiveMaximum", "exclusiveMinimum",
    "uniqueItems", "nullable", "required", "enum", "externalDocs", "x-kubernetes-embedded-resource",
    "x-kubernetes-int-or-string", "x-kubernetes-list-map-keys", "x-kubernetes-validations",
})  # fmt: skip
_ONE = frozenset({"not", "items", "additionalProperties", "additionalItems"})
_LISTS = frozenset({"allOf", "anyOf", "oneOf"})
_MAPS = frozenset({"properties", "patternProperties", "definitions", "dependencies"})
_RULE = ("rule", "message", "messageExpression", "reason", "fieldPath", "optionalOldSelf")


def tidied(schema: Any) -> Any:
    """A copy of a schema in that form; what is no schema stays as it is."""
    if not isinstance(schema, dict):
        return schema
    made: Schema = {}
    for word, value in schema.items():
        if value is None:
            continue
        if word in _ONE:
            made[word] = [tidied(each) for each in value] if isinstance(value, list) else tidied(value)
        elif word in _LISTS:
            _put(made, word, value, lambda found: [tidied(each) for each in found], list)
        elif word in _MAPS:
            _put(made, word, value, lambda found: {name: tidied(each) for name, each in found.items()}, dict)
        elif word == "x-kubernetes-validations":
            _put(made, word, value, lambda found: [_rule(each) for each in found], list)
        elif word in _KEPT or (word in _OMITTED and value):
            made[word] = value
    return made


def _put(made: Schema, word: str, value: Any, tidy: Callable[[Any], Any], kind: type) -> None:
    if isinstance(value, kind) and value:
        made[word] = tidy(value)
    elif not isinstance(value, kind):
        made[word] = value


def _rule(rule: Any) -> Any:
    if not isinstance(rule, dict):
        return rule
    made = {word: rule[word] for word in _RULE if rule.get(word) or (word == "optionalOldSelf" and word in rule)}
    return {"rule": rule.get("rule") or "", **made}
