"""Objects and JSON patches as mutations make them."""

import pytest

from sampan_cel import CheckError, Environment, types
from sampan_cel.values import NONE, Duration, Optional, Uint
from sampan_policies.patchtypes import JSON_PATCH, OBJECT, PATCH_TYPES, Unfit, as_json, misnamed

ENVIRONMENT = Environment({}, [PATCH_TYPES])


def made(text):
    return ENVIRONMENT.compile(text).evaluate({})


def test_an_object_takes_any_field_and_keeps_its_name():
    found = made("Object{spec: Object.spec{replicas: 1 + 2, items: [Object.spec.items{a: 'b'}]}}")

    assert ENVIRONMENT.compile("Object{}").type == OBJECT
    assert as_json(found) == {"spec": {"replicas": 3, "items": [{"a": "b"}]}}
    assert misnamed(found) == []


def test_an_object_at_another_place_than_its_name_says_is_found():
    assert misnamed(made("Object{a: {'x': [Object.b{}]}}")) == [
        'unexpected type name "Object.b", expected "Object.a", which matches field name path from root Object type'
    ]


def test_a_json_patch_has_four_fields():
    assert ENVIRONMENT.compile("[JSONPatch{op: 'add', path: '/a', value: 1}]").type == types.list_of(JSON_PATCH)
    with pytest.raises(CheckError, match="undefined field 'other'"):
        made("JSONPatch{other: 1}")
    with pytest.raises(CheckError, match="expected type of field 'op' is 'string'"):
        made("JSONPatch{op: 1}")


def test_a_key_is_escaped():
    assert made("jsonpatch.escapeKey('a/b~c')") == "a~1b~0c"


@pytest.mark.parametrize(
    ("value", "json"),
    [(Uint(3), 3), (NONE, None), (Optional(1), 1), (Duration(10**9), "1s"), (True, True), (1.5, 1.5)],
)
def test_values_become_json(value, json):
    assert as_json([value]) == [json]


@pytest.mark.parametrize("value", [{1: "a"}, b"bytes", types.INT])
def test_what_json_does_not_have_is_refused(value):
    with pytest.raises(Unfit):
        as_json(value)
