"""A kind with a schema of its own: pruning, defaults, and where what is reported."""

from __future__ import annotations

import pytest

from sampan.contracts.kinds import Kind
from sampan.errors import BadRequest
from sampan_machinery.structural import Structural

SCHEMA = {
    "type": "object",
    "required": ["spec"],
    "properties": {
        "spec": {
            "type": "object",
            "properties": {
                "replicas": {"type": "integer", "default": 1},
                "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                "ports": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {"port": {"type": "integer"}, "protocol": {"type": "string", "default": "TCP"}},
                    },
                },
                "note": {"type": "string", "nullable": True, "default": "x"},
            },
        }
    },
}
BOAT = Kind(group="example.org", version="v1", kind="Boat", plural="boats", schema=SCHEMA)


@pytest.fixture
def boats():
    return Structural(BOAT, SCHEMA)


def test_unknown_fields_go_and_free_ones_stay(boats):
    obj = {"spec": {"free": {"a": [1]}, "labels": {"any": "x"}, "odd": 1, "ports": [{"port": 1, "x": 2}]}, "more": 1}

    assert boats.prune(obj) == {"spec": {"free": {"a": [1]}, "labels": {"any": "x"}, "ports": [{"port": 1}]}}
    assert boats.unknown_fields(obj) == [
        'unknown field "spec.odd"', 'unknown field "spec.ports[0].x"', 'unknown field "more"',
    ]  # fmt: skip


def test_doubled_fields_are_found_in_the_text(boats):
    assert boats.strict_problems(b'{"spec":{"replicas":1,"replicas":2}}') == ['duplicate field "spec.replicas"']


def test_defaults_fill_what_is_absent_or_null_where_null_may_not_be(boats):
    obj = {"spec": {"replicas": None, "note": None, "labels": None, "ports": [{"port": 80}]}}

    boats.default(obj)

    assert obj == {"spec": {"replicas": 1, "note": None, "ports": [{"port": 80, "protocol": "TCP"}]}}


def test_defaults_do_not_make_their_parents(boats):
    obj = {}

    boats.default(obj)

    assert obj == {}
    assert [problem.path for problem in boats.check(obj)] == ["spec"]


@pytest.mark.parametrize(
    ("metadata", "why"),
    [
        ({"labels": {"a": 1}}, "number into Go struct field ObjectMeta.labels of type string"),
        ({"finalizers": "x"}, "string into Go struct field ObjectMeta.finalizers of type []string"),
        ({"ownerReferences": [{"uid": 1}]},
         "number into Go struct field OwnerReference.ownerReferences.uid of type types.UID"),
        ([], "array into Go value of type v1.ObjectMeta"),
    ],
)  # fmt: skip
def test_metadata_is_typed_as_everywhere_and_told_as_read_by_itself(boats, metadata, why):
    """Each outcome is kube-apiserver 1.36.2's."""
    with pytest.raises(BadRequest) as caught:
        boats.prune({"metadata": metadata})

    begin = 'Boat in version "v1" cannot be handled as a Boat: json: cannot unmarshal '
    assert caught.value.message == begin + why
