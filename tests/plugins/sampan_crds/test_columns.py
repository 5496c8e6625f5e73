"""Printed columns."""

import pytest

from sampan_crds.columns import columns_of


def shown(type_, value, path=".spec.v"):
    (column,) = columns_of([{"name": "V", "type": type_, "jsonPath": path}])[1:]
    return column.cell({"metadata": {"name": "a"}, "spec": {"v": value}})


@pytest.mark.parametrize(
    ("type_", "value", "cell"),
    [
        ("string", "x", "x"), ("string", 3, "3"), ("string", 1.5, "1.5"), ("string", True, "true"),
        ("string", {"a": 1}, '{"a":1}'), ("string", None, None), ("integer", 3, 3), ("integer", 3.7, 3),
        ("integer", "3", None), ("number", 3, 3.0), ("boolean", True, True), ("boolean", "x", None),
        ("date", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"), ("date", 3, None),
    ],
)  # fmt: skip
def test_cells_by_type(type_, value, cell):
    assert shown(type_, value) == cell


def test_a_path_that_cannot_be_read_shows_nothing():
    assert shown("string", "x", ".spec[") is None


def test_without_columns_there_are_name_and_age():
    assert [(each.name, each.type) for each in columns_of([])] == [("Name", "string"), ("Age", "since")]


def test_a_column_says_what_it_shows():
    (column,) = columns_of([{"name": "V", "type": "date", "jsonPath": ".spec.v", "priority": 1}])[1:]

    assert (column.type, column.priority) == ("since", 1)
    assert column.description == "Custom resource definition column (in JSONPath format): .spec.v"
