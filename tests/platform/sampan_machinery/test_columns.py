from sampan_machinery import columns
from sampan_machinery.tables import to_table

OBJ = {"metadata": {"name": "a", "creationTimestamp": "2026-01-01T00:00:00Z"}, "spec": {"driver": "x", "size": 0}}


def test_the_standard_columns():
    table = to_table([columns.NAME, columns.AGE, columns.CREATED_AT], [OBJ], now=1767225600 + 90)

    assert [each["name"] for each in table["columnDefinitions"]] == ["Name", "Age", "Created At"]
    assert [each["type"] for each in table["columnDefinitions"]] == ["string", "string", "date"]
    assert table["rows"][0]["cells"] == ["a", "90s", "2026-01-01T00:00:00Z"]


def test_a_field_column_shows_the_field_or_nothing():
    assert columns.field("Driver", "spec", "driver").cell(OBJ) == "x"
    assert columns.field("Size", "spec", "size", type="integer").cell(OBJ) == 0
    assert columns.field("Deep", "spec", "driver", "odd").cell(OBJ) == ""
    assert columns.field("Gone", "status", "phase").cell(OBJ) == ""
