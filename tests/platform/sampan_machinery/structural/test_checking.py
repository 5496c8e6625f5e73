"""Validation by a schema, in the words that users of custom resources know."""

from __future__ import annotations

import pytest

from sampan_machinery.structural.checking import check

KEYED = {
    "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name", "protocol"],
    "items": {"type": "object", "properties": {"name": {}, "protocol": {"default": "TCP"}}},
}  # fmt: skip


def said(value, schema):
    return [f"{problem.path}: {problem.message}" for problem in check(value, schema, "spec")]


@pytest.mark.parametrize(
    ("schema", "value", "message"),
    [
        ({"type": "integer"}, "3", 'Invalid value: "string": spec in body must be of type integer: "string"'),
        ({"type": "integer"}, 1.5, 'Invalid value: "number": spec in body must be of type integer: "number"'),
        ({"type": "string"}, True, 'Invalid value: "boolean": spec in body must be of type string: "boolean"'),
        ({"type": "object"}, [], 'Invalid value: "array": spec in body must be of type object: "array"'),
        ({"type": "string"}, None, 'Invalid value: "null": spec in body must be of type string: "null"'),
        (
            {"x-kubernetes-int-or-string": True}, 1.5,
            'Invalid value: "number": spec in body must be of type integer,string: "number"',
        ),
        ({"type": "string", "enum": ["b", "a"]}, "c", 'Unsupported value: "c": supported values: "b", "a"'),
        ({"type": "integer", "minimum": 1}, 0, "Invalid value: 0: spec in body should be greater than or equal to 1"),
        (
            {"type": "integer", "minimum": 1, "exclusiveMinimum": True}, 1,
            "Invalid value: 1: spec in body should be greater than 1",
        ),
        ({"type": "number", "maximum": 2.5}, 3, "Invalid value: 3: spec in body should be less than or equal to 2.5"),
        ({"type": "integer", "multipleOf": 5}, 7, "Invalid value: 7: spec in body should be a multiple of 5"),
        ({"type": "string", "pattern": "^[a-z]+$"}, "A", "Invalid value: \"A\": spec in body should match '^[a-z]+$'"),
        ({"type": "string", "minLength": 2}, "a", 'Invalid value: "a": spec in body should be at least 2 chars long'),
        ({"type": "string", "maxLength": 2}, "abc", "Too long: may not be more than 2 bytes"),
        ({"type": "string", "format": "ipv4"}, "x", 'Invalid value: "x": spec in body must be of type ipv4: "x"'),
        ({"type": "array", "items": {}, "maxItems": 1}, [1, 2], "Too many: 2: must have at most 1 items"),
        (
            {"type": "array", "items": {}, "minItems": 1}, [],
            "Invalid value: []: spec in body should have at least 1 items",
        ),
        (
            {"type": "integer", "oneOf": [{"minimum": 5}, {"maximum": 1}]}, 3,
            'Invalid value: 3: "spec" must validate one and only one schema (oneOf). Found none valid',
        ),
        ({"type": "integer", "not": {"minimum": 5}}, 7, 'Invalid value: 7: "spec" must not validate the schema (not)'),
    ],
)  # fmt: skip
def test_one_thing_wrong_is_one_sentence(schema, value, message):
    assert said(value, schema) == [f"spec: {message}"]


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "integer"}, 3.0),
        ({"type": "number"}, 3),
        ({"type": "string", "nullable": True}, None),
        ({"x-kubernetes-int-or-string": True}, "50%"),
        ({"x-kubernetes-preserve-unknown-fields": True}, [{"a": None}]),
        ({"type": "string", "format": "no-such-format"}, "x"),
        ({"type": "string", "format": "date-time"}, "2026-01-02T03:04:05.6+01:00"),
    ],
)
def test_what_fits_is_passed_over(schema, value):
    assert said(value, schema) == []


def test_problems_below_have_their_path():
    ports = {
        "type": "array",
        "items": {"type": "object", "required": ["port"], "properties": {"port": {"type": "integer"}}},
    }
    schema = {"type": "object", "properties": {"ports": ports}, "required": ["host"]}

    assert said({"ports": [{}, {"port": "x"}]}, schema) == [
        "spec.ports[0].port: Required value",
        'spec.ports[1].port: Invalid value: "string": spec.ports[1].port in body must be of type integer: "string"',
        "spec.host: Required value",
    ]


def test_of_a_text_one_thing_is_said():
    schema = {"type": "string", "maxLength": 3, "minLength": 2, "pattern": "^[a-z]*$"}

    assert said("ABCD", schema) == ["spec: Too long: may not be more than 3 bytes"]
    assert said("A", schema) == ['spec: Invalid value: "A": spec in body should be at least 2 chars long']


def test_of_each_value_that_is_there_several_times_the_second_is_told():
    schema = {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}}

    assert said(["", "a", "", "", "a"], schema) == ['spec[2]: Duplicate value: ""', 'spec[4]: Duplicate value: "a"']


def test_a_key_may_be_in_a_list_once():
    assert said([{"name": "a"}, {"name": "a", "protocol": "UDP"}, {"name": "a", "protocol": "TCP"}], KEYED) == [
        'spec[2]: Duplicate value: {"name":"a","protocol":"TCP"}'
    ]
