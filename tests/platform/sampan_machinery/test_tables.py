import pytest

from sampan.contracts.kinds import Column
from sampan_machinery.tables import human_duration, to_partial_list, to_table

HOUR, DAY = 3600, 86400
POD = {
    "kind": "Pod",
    "apiVersion": "v1",
    "metadata": {"name": "web", "creationTimestamp": "1970-01-01T00:00:00Z"},
    "spec": {},
}


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "<invalid>"),
        (-1.5, "0s"),
        (0.9, "0s"),
        (119, "119s"),
        (120, "2m"),
        (303, "5m3s"),
        (600, "10m"),
        (179 * 60, "179m"),
        (3 * HOUR, "3h"),
        (3 * HOUR + 60, "3h1m"),
        (8 * HOUR + 60, "8h"),
        (47 * HOUR, "47h"),
        (2 * DAY, "2d"),
        (3 * DAY + 4 * HOUR, "3d4h"),
        (8 * DAY + HOUR, "8d"),
        (729 * DAY, "729d"),
        (735 * DAY, "2y5d"),
        (730 * DAY, "2y"),
        (3000 * DAY, "8y"),
    ],
)
def test_durations_are_short_for_people(seconds, text):
    assert human_duration(seconds) == text


def test_a_kind_without_columns_shows_name_and_age():
    table = to_table((), [POD], now=303, metadata={"resourceVersion": "7"})

    assert [column["name"] for column in table["columnDefinitions"]] == ["Name", "Age"]
    assert [column["type"] for column in table["columnDefinitions"]] == ["string", "string"]
    assert table["metadata"] == {"resourceVersion": "7"}
    assert table["rows"][0]["cells"] == ["web", "5m3s"]
    assert table["rows"][0]["object"] == {
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": POD["metadata"],
    }


def test_rows_carry_what_was_asked_for():
    columns = (
        Column("Ready", lambda obj: 3, type="integer", priority=1),
        Column("Last", lambda obj: None, type="date"),
    )

    assert "object" not in to_table(columns, [POD], now=0, include="None")["rows"][0]
    table = to_table(columns, [POD], now=0, include="Object", headers=False)
    assert table["rows"] == [{"cells": [3, "<unknown>"], "object": POD}]
    assert table["columnDefinitions"] == []


def test_partial_lists_hold_metadata_alone():
    partial = to_partial_list([POD], metadata={"resourceVersion": "7"})

    assert partial["items"][0]["metadata"]["name"] == "web"
    assert "spec" not in partial["items"][0]
