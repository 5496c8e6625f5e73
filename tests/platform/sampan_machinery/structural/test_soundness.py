"""Which schemas cannot be used, and why, in a sentence."""

from __future__ import annotations

import pytest

from sampan_machinery.structural.soundness import complaints


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
        (spec({"type": "object", "x-kubernetes-validations": []}), "spec: x-kubernetes-validations is not evaluated"),
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
