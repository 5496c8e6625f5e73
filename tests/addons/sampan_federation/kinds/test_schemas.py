from __future__ import annotations

import re

import pytest

from sampan_federation.kinds.schemas import integer, many, mapping, one_of, quantity, record, text


def test_schemas_are_structural():
    found = record({"a": text(maxLength=3), "b": many(integer(0), keys=["x"]), "c": mapping()}, ["a"])

    assert found["required"] == ["a"]
    assert found["properties"]["b"]["x-kubernetes-list-map-keys"] == ["x"]
    assert found["properties"]["c"] == {"type": "object", "additionalProperties": {"type": "string"}}
    assert one_of("a", "b", default="a") == {"type": "string", "enum": ["a", "b"], "default": "a"}
    assert "required" not in record({})


@pytest.mark.parametrize(
    ("value", "right"), [("100m", True), ("1.5Gi", True), ("1e3", True), ("1x", False), ("", False)]
)
def test_quantities_are_told_from_other_text(value, right):
    assert bool(re.search(quantity()["pattern"], value)) == right
