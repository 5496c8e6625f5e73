"""Lists and maps."""

import pytest

from sampan_crds.validation.lists import check_list, check_map

TEXT = {"type": "string"}
ITEM = {"type": "object", "required": ["k"], "properties": {"k": TEXT, "v": {"type": "object"}}}


def listed(kind, items=ITEM, keys=(), **more):
    found = {"type": "array", "items": items, "x-kubernetes-list-type": kind, **more}
    return {**found, "x-kubernetes-list-map-keys": list(keys)} if keys else found


def said(schema):
    return [f"{each.path}: {each.message}" for each in (*check_map(schema, "s"), *check_list(schema, "s"))]


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"x-kubernetes-map-type": "atomic"}, "s.type: Required value: must be object if x-kubernetes-map-type"),
        ({"type": "object", "x-kubernetes-map-type": "odd"}, "s.x-kubernetes-map-type: Unsupported value"),
        (listed("odd"), "s.x-kubernetes-list-type: Unsupported value"),
        (listed("set", type="string"), 's.type: Invalid value: "string": must be array'),
        (listed("set"), "s.items.x-kubernetes-map-type: Invalid value: null: must be atomic as item of a list"),
        (listed("atomic", keys=("k",)), "must be map if x-kubernetes-list-map-keys is non-empty"),
        (listed("map"), "s.x-kubernetes-list-map-keys: Required value: must not be empty"),
        (listed("map", keys=("x",)), "entries must all be names of item properties"),
        (listed("map", keys=("v",)), "must be a scalar type if parent array's"),
        (listed("map", keys=("k", "k")), "must not contain duplicate entries"),
        (listed("map", TEXT, keys=("k",)), 's.items.type: Invalid value: "string": must be object'),
        (listed("map", {**ITEM, "required": []}, keys=("k",)), "s.items.properties[k].default: Required value"),
        (listed("map", {**ITEM, "nullable": True}, keys=("k",)), "s.items.nullable: Forbidden: cannot be nullable"),
    ],
)
def test_what_is_wrong_is_said(schema, words):
    assert any(words in each for each in said(schema))


@pytest.mark.parametrize("schema", [TEXT, listed("set", TEXT), listed("map", keys=("k",)), listed("atomic")])
def test_what_is_right(schema):
    assert said(schema) == []
