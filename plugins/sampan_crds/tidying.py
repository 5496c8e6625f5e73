"""A schema as Go keeps it: without fields that JSONSchemaProps does not have, and without values that mean nothing.

The table of types knows the outermost schema only: below ``items`` and ``additionalProperties`` it takes anything,
because a boolean or a list may stand there. So types are looked at here. Source: apiextensions.k8s.io/v1
JSONSchemaProps.
"""

from __future__ import annotations

from typing import Any

from sampan.errors import BadRequest

Schema = dict[str, Any]

_KEPT = frozenset({  # also where they are false, 0 or empty
    "default", "example", "maximum", "minimum", "multipleOf", "maxLength", "minLength", "maxItems", "minItems",
    "maxProperties", "minProperties", "additionalProperties", "additionalItems", "items", "not", "$ref",
    "x-kubernetes-preserve-unknown-fields", "x-kubernetes-list-type", "x-kubernetes-map-type",
})  # fmt: skip
_TEXT, _TRUTH, _WHOLE, _NUMBER, _TEXTS, _ANY, _LIST = "string", "bool", "int64", "float64", "[]string", "any", "[]any"
_SCHEMA, _OR_LIST, _OR_TRUTH = "JSONSchemaProps", "JSONSchemaPropsOrArray", "JSONSchemaPropsOrBool"
_SCHEMAS, _NAMED, _RULES, _DOCS = "[]JSONSchemaProps", "map[string]JSONSchemaProps", "[]ValidationRule", "docs"
_TYPES = {
    **dict.fromkeys(
        ("id", "$schema", "$ref", "description", "type", "format", "title", "pattern", "x-kubernetes-list-type",
         "x-kubernetes-map-type"), _TEXT,
    ),
    **dict.fromkeys(
        ("exclusiveMaximum", "exclusiveMinimum", "uniqueItems", "nullable", "x-kubernetes-embedded-resource",
         "x-kubernetes-int-or-string", "x-kubernetes-preserve-unknown-fields"), _TRUTH,
    ),
    **dict.fromkeys(("maxLength", "minLength", "maxItems", "minItems", "maxProperties", "minProperties"), _WHOLE),
    **dict.fromkeys(("maximum", "minimum", "multipleOf"), _NUMBER),
    **dict.fromkeys(("required", "x-kubernetes-list-map-keys"), _TEXTS),
    **dict.fromkeys(("default", "example"), _ANY), "enum": _LIST, "externalDocs": _DOCS,
    "not": _SCHEMA, "items": _OR_LIST, **dict.fromkeys(("additionalProperties", "additionalItems"), _OR_TRUTH),
    **dict.fromkeys(("allOf", "anyOf", "oneOf"), _SCHEMAS),
    **dict.fromkeys(("properties", "patternProperties", "definitions", "dependencies"), _NAMED),
    "x-kubernetes-validations": _RULES,
}  # fmt: skip
_RULE = {
    "rule": _TEXT, "message": _TEXT, "messageExpression": _TEXT, "reason": _TEXT, "fieldPath": _TEXT,
    "optionalOldSelf": _TRUTH,
}  # fmt: skip
_CLASSES: dict[str, tuple[type, ...]] = {
    _TEXT: (str,), _TRUTH: (bool,), _WHOLE: (int,), _NUMBER: (int, float), _TEXTS: (list,), _LIST: (list,),
    _DOCS: (dict,), _SCHEMA: (dict,), _OR_LIST: (dict, list), _OR_TRUTH: (dict, bool), _SCHEMAS: (list,),
    _NAMED: (dict,), _RULES: (list,),
}  # fmt: skip
_START = 'CustomResourceDefinition in version "v1" cannot be handled as a CustomResourceDefinition: '


def tidied(schema: Any, path: str = "openAPIV3Schema") -> Schema:
    """A copy of a schema in that form. Raises BadRequest for values of the wrong type."""
    _require(schema, _SCHEMA, path)
    made: Schema = {}
    for word, value in schema.items():
        kind = _TYPES.get(word)
        if kind is None or value is None:
            continue
        at = f"{path}.{word}"
        found = _typed(value, kind, at)
        if found or word in _KEPT:
            made[word] = found
    return made


def _typed(value: Any, kind: str, path: str) -> Any:
    _require(value, kind, path)
    if kind in (_SCHEMA, _OR_LIST, _OR_TRUTH, _SCHEMAS):
        if isinstance(value, list):
            return [tidied(each, f"{path}[{index}]") for index, each in enumerate(value)]
        return value if isinstance(value, bool) else tidied(value, path)
    if kind == _NAMED:
        lists = path.endswith(".dependencies")
        return {
            name: each if lists and isinstance(each, list) else tidied(each, f"{path}.{name}")
            for name, each in value.items()
        }
    if kind == _RULES:
        return [_rule(each, f"{path}[{index}]") for index, each in enumerate(value)]
    if kind == _TEXTS:
        for index, each in enumerate(value):
            _require(each, _TEXT, f"{path}[{index}]")
    return value


def _rule(rule: Any, path: str) -> Schema:
    _require(rule, _SCHEMA, path)
    for word, kind in _RULE.items():
        if rule.get(word) is not None:
            _require(rule[word], kind, f"{path}.{word}")
    made = {word: rule[word] for word in _RULE if rule.get(word) or (word == "optionalOldSelf" and word in rule)}
    return {"rule": rule.get("rule") or "", **made}


def _require(value: Any, kind: str, path: str) -> None:
    if kind == _ANY:
        return
    classes = _CLASSES[kind]
    if isinstance(value, classes) and (bool in classes or not isinstance(value, bool)):
        return
    given = {str: "string", bool: "bool", dict: "object", list: "array"}.get(type(value), "number")
    raise BadRequest(
        f"{_START}json: cannot unmarshal {given} into Go struct field JSONSchemaProps.{path} of type {kind}"
    )
