"""The protobuf form, read back by a reader that knows only the wire."""

from __future__ import annotations

import json
import struct

import pytest

from sampan_machinery.openapi.gnostic import encode


def read(data):
    """[(field number, value)]: whole numbers, bytes, floats."""
    found, at = [], 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        tag = varint()
        number, wire = tag >> 3, tag & 7
        if wire == 0:
            found.append((number, varint()))
        elif wire == 1:
            found.append((number, struct.unpack("<d", data[at : at + 8])[0]))
            at += 8
        else:
            size = varint()
            found.append((number, data[at : at + size]))
            at += size
    return found


def one(data, *numbers):
    """The first field of that number, and inside it the next, and so on."""
    for number in numbers:
        data = next(value for field, value in read(data) if field == number)
    return data


def schema(**facts):
    data = encode({"definitions": {"a.B": facts}})
    assert one(data, 9, 1, 1) == b"a.B"
    return one(data, 9, 1, 2)


def extension(value):
    return {"x-kubernetes-group-version-kind": value}


def test_the_head_of_a_document():
    data = encode({"swagger": "2.0", "info": {"title": "Kubernetes", "version": "v1.36"}, "unknown": 1})

    assert read(data) == [(1, b"2.0"), (2, b"\x0a\x0aKubernetes\x12\x05v1.36")]


def test_a_definition_with_all_that_validation_looks_at():
    data = schema(
        type="object",
        description="words",
        required=["a", "b"],
        properties={"a": {"type": "string", "format": "byte"}, "b": {"$ref": "#/definitions/c"}},
        **extension([{"group": "", "kind": "B", "version": "v1"}]),
    )

    fields = read(data)
    assert [value for number, value in fields if number == 19] == [b"a", b"b"]
    assert one(data, 22, 1) == b"object"
    (first, second) = (value for _, value in read(one(data, 25)))
    assert one(first, 1) == b"a" and one(first, 2, 22, 1) == b"string" and one(first, 2, 2) == b"byte"
    assert one(second, 2, 1) == b"#/definitions/c"
    assert one(data, 31, 1) == b"x-kubernetes-group-version-kind"
    assert json.loads(one(data, 31, 2, 2)) == [{"group": "", "kind": "B", "version": "v1"}]


@pytest.mark.parametrize("facts, numbers, value", [
    ({"items": {"type": "string"}}, (23, 1, 22, 1), b"string"),
    ({"additionalProperties": {"type": "string"}}, (21, 1, 22, 1), b"string"),
    ({"additionalProperties": True}, (21, 2), 1),
    ({"maximum": 2.5}, (7,), 2.5),
    ({"minLength": 300}, (12,), 300),
    ({"minProperties": -1}, (18,), 2**64 - 1),
    ({"enum": ["a"]}, (20, 2), b'"a"'),
    ({"default": {"a": 1}}, (5, 2), b'{"a":1}'),
    ({"type": ["string"]}, (22, 1), b"string"),
    ({"allOf": [{"title": "t"}]}, (24, 3), b"t"),
])  # fmt: skip
def test_each_shape_of_a_schema(facts, numbers, value):
    assert one(schema(**facts), *numbers) == value


def test_what_openapi_2_does_not_know_is_left_out():
    assert schema(oneOf=[{"type": "string"}], nullable=True) == b""


def test_a_path_with_its_parameters_and_answers():
    body = {"in": "body", "name": "body", "required": True, "schema": {"$ref": "#/definitions/x"}}
    query = {"in": "query", "name": "pretty", "type": "string", "uniqueItems": True}
    path = {"in": "path", "name": "name", "type": "string", "required": True}
    answers = {"200": {"description": "OK", "schema": {"$ref": "#/definitions/x"}}}
    operation = {"operationId": "read", "parameters": [body, query], "responses": answers, "x-kubernetes-action": "get"}

    data = encode({"paths": {"/a/{name}": {"get": operation, "parameters": [path, {"$ref": "#/parameters/p"}]}}})

    assert one(data, 8, 2, 1) == b"/a/{name}"
    item = one(data, 8, 2, 2)
    first, second = (value for number, value in read(one(item, 2)) if number == 8)
    assert one(first, 1, 1, 5, 1) == b"#/definitions/x"
    assert one(second, 1, 2, 3, 4) == b"pretty"
    assert one(item, 9, 1, 2, 4, 4) == b"name"
    assert one([value for number, value in read(item) if number == 9][1], 2, 1) == b"#/parameters/p"
    assert one(item, 2, 9, 1, 1) == b"200"
    assert one(item, 2, 9, 1, 2, 1, 2, 1, 1) == b"#/definitions/x"
    assert one(item, 2, 13, 2, 2) == b'"get"'
