"""Compiled checks say yes only where the checker finds nothing."""

import pytest

from sampan_machinery.structural.checking import check
from sampan_machinery.structural.verdicts import compiled

INT, TEXT = {"type": "integer"}, {"type": "string"}
KEYED = {
    "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"],
    "items": {"type": "object", "properties": {"k": {**TEXT, "default": "d"}}},
}  # fmt: skip
EMBEDDED = {"type": "object", "x-kubernetes-embedded-resource": True, "x-kubernetes-preserve-unknown-fields": True}
SCHEMAS = [
    INT, {**INT, "minimum": 1, "maximum": 3}, {**INT, "format": "int32"}, {**INT, "multipleOf": 2},
    {**INT, "nullable": True}, {"type": "number", "minimum": 1.5}, {"type": "boolean"},
    {**TEXT, "maxLength": 2}, {**TEXT, "pattern": "^a"}, {**TEXT, "format": "date"}, {**TEXT, "enum": ["a", "b"]},
    {**INT, "enum": [1]}, {"x-kubernetes-int-or-string": True}, {"x-kubernetes-preserve-unknown-fields": True},
    {"x-kubernetes-int-or-string": True, "anyOf": [INT, TEXT]}, {"x-kubernetes-int-or-string": True, "pattern": "^a"},
    {"type": "object", "required": ["a"], "properties": {"a": INT}}, {"type": "object", "additionalProperties": TEXT},
    {"type": "object", "maxProperties": 1}, {"type": "object", "x-sampan-immutable": True},
    {"type": "object", "properties": {"a": {**INT, "nullable": True}}, "oneOf": [{"required": ["a"]}]},
    {"type": "array", "items": INT, "minItems": 1}, {"type": "array", "items": INT, "x-kubernetes-list-type": "set"},
    KEYED, EMBEDDED,
]  # fmt: skip
VALUES = [
    None, True, 0, 1, 2, 4, 1.0, 1.5, 1 << 40, "", "a", "abc", "2026-01-01", [], [1], [1, 1], ["a"], {}, {"a": 1},
    {"a": None}, {"a": "x"}, {"a": 1, "b": 2}, [{"k": "x"}, {"k": "x"}], [{"k": "d"}, {}], [{"k": "x"}, {"k": "y"}],
    {"apiVersion": "v1", "kind": "Pod"}, {"apiVersion": "v1", "kind": ""},
    {"apiVersion": "v1", "kind": "Pod", "metadata": {"labels": {"a b": "c"}}},
]  # fmt: skip


@pytest.mark.parametrize("schema", SCHEMAS, ids=str)
def test_what_it_lets_pass_is_right(schema):
    fits = compiled(schema)

    assert [value for value in VALUES if fits(value) and list(check(value, schema, ""))] == []


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (INT, 3), (TEXT, "a"), ({**TEXT, "enum": ["a"]}, "a"), ({**INT, "format": "int64"}, 3),
        ({"type": "object", "properties": {"a": INT}, "required": ["a"]}, {"a": 1, "b": 2}),
        (KEYED, [{"k": "x"}, {"k": "y"}]), (EMBEDDED, {"apiVersion": "v1", "kind": "Pod", "spec": {}}),
    ],
)  # fmt: skip
def test_what_is_common_is_let_pass(schema, value):
    assert compiled(schema)(value)
