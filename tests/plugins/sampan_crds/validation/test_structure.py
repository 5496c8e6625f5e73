"""Whether a schema is structural."""

import pytest

from sampan_crds.validation.structure import check_structure

TEXT = {"type": "string"}


def said(schema):
    return [f"{each.path}: {each.message}" for each in check_structure(schema, "s")]


def of(**properties):
    return {"type": "object", "properties": properties}


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({}, "s.type: Required value: must not be empty at the root"),
        ({"type": "string"}, 's.type: Invalid value: "string": must be object at the root'),
        ({"type": "object", "additionalProperties": TEXT}, "additionalProperties: Forbidden: must not be used at"),
        (of(a={}), "s.properties[a].type: Required value: must not be empty for specified object fields"),
        (of(a={"type": "array"}), "s.properties[a].items: Required value: must be specified"),
        (of(a={"type": "array", "items": {}}), "properties[a].items.type: Required value: must not be empty"),
        (of(a={"x-kubernetes-int-or-string": True, "x-kubernetes-preserve-unknown-fields": True}),
         "must be false if x-kubernetes-int-or-string is true"),
        (of(a={"type": "string", "x-kubernetes-embedded-resource": True}), "must be object if x-kubernetes-embedded"),
        (of(a={"type": "object", "x-kubernetes-embedded-resource": True}), "properties[a].properties: Required value"),
        (of(metadata={"type": "object", "properties": {"labels": {"type": "object"}}}),
         "s.properties[metadata]: Forbidden: must not specify anything other than name and generateName"),
        (of(kind={"type": "integer"}), 's.properties[kind].type: Invalid value: "integer": must be string'),
        ({**of(a=TEXT), "anyOf": [{"properties": {"a": {"type": "string"}}}]},
         "s.anyOf[0].properties[a].type: Forbidden: must be empty to be structural"),
        ({**of(a=TEXT), "allOf": [{"properties": {"b": {"minLength": 1}}}]},
         "s.properties[b]: Required value: because it is defined in s.allOf[0].properties[b]"),
        ({**of(), "not": {"properties": {"metadata": {}}}}, "must not be specified in a nested context"),
        (of(a={**TEXT, "pattern": "("}), "s.properties[a].pattern: Invalid value: \"(\": must be a valid regular exp"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(schema, words):
    assert any(words in each for each in said(schema))


@pytest.mark.parametrize(
    "schema",
    [
        of(a=TEXT, metadata={"type": "object", "properties": {"name": {"type": "string", "maxLength": 3}}}),
        {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        of(a={"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, TEXT]}),
        of(a={"x-kubernetes-int-or-string": True, "allOf": [{"anyOf": [{"type": "integer"}, TEXT]}, {"minimum": 1}]}),
        of(a={"x-kubernetes-preserve-unknown-fields": True}),
        of(a={"type": "object", "x-kubernetes-embedded-resource": True, "x-kubernetes-preserve-unknown-fields": True}),
        {**of(a=TEXT), "oneOf": [{"required": ["a"]}, {"properties": {"a": {"maxLength": 3}}}]},
    ],
)
def test_what_is_structural(schema):
    assert said(schema) == []
