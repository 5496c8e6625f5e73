"""Which schemas cannot be used, and why, in a sentence."""

from __future__ import annotations

import re

import pytest

from sampan_machinery.schema import load
from sampan_machinery.structural.soundness import complaints, rule_complaints


def spec(schema):
    return {"type": "object", "properties": {"spec": schema}}


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ([], "a schema is a mapping"),
        ({}, "its type must be object"),
        (spec({}), "spec: a type is missing"),
        (spec({"type": "int"}), "'int' is no type"),
        (spec({"type": "string", "pattern": "("}), "spec: the pattern cannot be used"),
        (spec({"type": "array"}), "spec: an array needs items"),
        (spec({"$ref": "#/x", "type": "string"}), r"\$ref cannot be used"),
        (
            spec({"type": "object", "x-kubernetes-validations": [{"rule": "self.nothing"}]}),
            r"spec: x-kubernetes-validations\[0\]: compilation failed: ERROR: <input>:1:5: undefined field 'nothing'",
        ),
        (spec({"type": "integer", "default": "x"}), "spec: the default does not fit"),
        (
            spec({"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": True}),
            "exclude each other",
        ),
        (
            spec({
                "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
                "items": {"type": "object", "properties": {"name": {"type": "string"}}},
            }),
            "must be required or have a default",
        ),
    ],
)  # fmt: skip
def test_an_invalid_schema_is_reported(schema, words):
    with pytest.raises(AssertionError, match=words):
        assert list(complaints(schema)) == []


def test_a_sound_schema_is_not():
    list_ = {
        "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
        "items": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}},
    }  # fmt: skip

    assert (
        list(
            complaints(spec({"type": "object", "properties": {"l": list_, "p": {"x-kubernetes-int-or-string": True}}}))
        )
        == []
    )


def test_a_name_rule_that_is_not_known_is_refused():
    words = list(complaints(spec({"type": "string", "x-sampan-name": "lable"})))

    assert len(words) == 1 and "x-sampan-name is one of address, label" in words[0]


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ([], "rules are a mapping"),
        ({"properties": {"spce": {}}}, "the object: 'spce' is no field of it"),
        (spec({"properties": {"replicas": {"min": 1}}}), "spec.replicas: 'min' is no word of a rule"),
        ({"properties": {"spec": {"required": ["replicaz"]}}}, "spec: 'replicaz' is no field of it"),
        ({"properties": {"spec": {"x-sampan-ordered": [["replicas", "most"]]}}}, "spec: 'most' is no field of it"),
        ({"properties": {"kind": {"pattern": "("}}}, "kind: the pattern cannot be used"),
        ({"properties": {"kind": {"x-sampan-name": "lable"}}}, "kind: x-sampan-name is one of"),
        (
            {"properties": {"spec": {"properties": {"template": {"properties": {"spec": {"properties": {
                "containers": {"items": {"properties": {"nam": {}}}}}}}}}}}},
            r"spec.template.spec.containers\[\*\]: 'nam' is no field of it",
        ),
    ],
)  # fmt: skip
def test_rules_that_cannot_be_kept_are_refused(rules, words):
    found = list(rule_complaints(rules, load().node("apps", "v1", "Deployment")))

    assert any(re.search(words, each) for each in found), found


def test_good_rules_are_not_complained_of():
    rules = spec({"required": ["selector"], "properties": {"replicas": {"minimum": 0}}})
    del rules["type"]

    assert list(rule_complaints(rules, load().node("apps", "v1", "Deployment"))) == []
