from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sampan_dashboard import tables
from sampan_dashboard.tables import Cell, Column, Row

#: A slow machine is no failure.
CHANCE = settings(deadline=None, max_examples=50, database=None, suppress_health_check=[HealthCheck.too_slow])

WEB = {"name": "web", "namespace": "shop", "uid": "u1"}
TABLE = {
    "columnDefinitions": [
        {"name": "Name", "format": "name"},
        {"name": "Ready"},
        {"name": "Status"},
        {"name": "Age"},
        {"name": "Node", "priority": 1},
    ],
    "rows": [
        {
            "cells": ["web", "1/2", "CrashLoopBackOff", "5s", "node-1"],
            "object": {"metadata": {**WEB, "creationTimestamp": "2026-01-01T00:00:00Z"}},
        },
        {"cells": ["short"], "object": None},
    ],
}  # fmt: skip


def plain(name, *texts, namespace=""):
    return Row(name, name, namespace, tuple(Cell(text, "", "") for text in texts))


def test_a_table_of_the_server_becomes_rows_with_colours():
    shown = tables.columns(TABLE)
    first, second = tables.rows(TABLE, shown)

    assert [column.name for column in shown] == ["Ready", "Status", "Age"]
    assert first[:3] == ("u1", "web", "shop")
    assert [(cell.text, cell.tone) for cell in first.cells] == [
        ("1/2", "warn"),
        ("CrashLoopBackOff", "bad"),
        ("5s", ""),
    ]
    assert first.cells[2].since == "2026-01-01T00:00:00Z"
    assert second.cells == (Cell("", "", ""),) * 3


def test_all_columns_are_there_when_asked_for():
    assert [column.name for column in tables.columns(TABLE, wide=True)][-1] == "Node"
    assert tables.columns({}) == []


@pytest.mark.parametrize(
    ("column", "text", "tone"),
    [
        ("Status", "Running", "good"),
        ("Ready", "3/3", "good"),
        ("Ready", "0/3", "warn"),
        ("Status", "ImagePullBackOff", "bad"),
        ("Status", "Ready,SchedulingDisabled", "good"),
        ("Status", "NotReady", "bad"),
        ("Status", "Init:0/2", "warn"),
        ("Status", "Init:CrashLoopBackOff", "bad"),
        ("Name", "Failed", ""),
        ("Status", "", ""),
    ],
)
def test_what_is_wrong_has_a_colour(column, text, tone):
    assert tables.tone(column, text) == tone


def test_a_filter_wants_every_word_somewhere():
    row = plain("web-1", "Running", namespace="Shop")

    assert tables.matches(row, "")
    assert tables.matches(row, "shop RUN")
    assert not tables.matches(row, "shop failed")


@CHANCE
@given(st.dictionaries(st.sampled_from(["cells", "object"]), st.one_of(st.none(), st.lists(st.integers() | st.text()))))
def test_any_cells_become_a_row(found):
    found.pop("object", None)

    assert tables.row(found, [Column("Status", 3, "")]).name == ""
