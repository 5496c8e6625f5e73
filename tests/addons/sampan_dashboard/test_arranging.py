from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sampan_dashboard import arranging, tables
from sampan_dashboard.arranging import Arranged, Memory, arrange, first
from sampan_dashboard.tables import Cell, Row

#: A slow machine is no failure.
CHANCE = settings(deadline=None, max_examples=50, database=None, suppress_health_check=[HealthCheck.too_slow])


def plain(name, *texts, namespace=""):
    return Row(name, name, namespace, tuple(Cell(text, "", "") for text in texts))


def ordered(rows, column, *, descending=False):
    found = [(tables.weight(tables.text_at(row, column)), row) for row in rows]
    return [row for _, row in first(found, len(found), descending=descending)]


def table(*names, revision="7"):
    rows = [{"cells": [name, name[-1]], "object": {"metadata": {"name": name, "uid": name}}} for name in names]
    columns = [{"name": "Name", "format": "name"}, {"name": "Last"}]
    return {"columnDefinitions": columns, "rows": rows, "metadata": {"resourceVersion": revision}}


def arranged(*pages, words="", sort="", keep=100, most=100):
    return arrange(pages, words, sort, wide=False, keep=keep, most=most)


def test_the_first_rows_of_all_pages_are_kept_in_order():
    names = [f"a{number}" for number in range(50)]
    pages = [table(*names[at : at + 5], revision=str(at)) for at in range(0, 50, 5)]

    found = arranged(*pages, sort="-Name", keep=3)

    assert [row.name for row in found.rows] == ["a49", "a48", "a47"]
    assert (found.total, found.revision, found.cut, len(found.columns)) == (50, "0", False, 1)


def test_words_choose_and_all_are_counted():
    found = arranged(table("ab", "cb", "cd"), table("eb"), words="b", keep=2)

    assert ([row.name for row in found.rows], found.total) == (["ab", "cb"], 3)


def test_a_list_that_is_too_long_is_cut_and_says_so():
    def pages():
        yield table("a", "b")
        yield table("c")
        raise AssertionError("one page too many was read")

    found = arrange(pages(), "", "Name", wide=False, keep=9, most=3)

    assert (found.cut, found.total) == (True, 3)


def test_nothing_is_nothing():
    assert arranged() == Arranged([], [], "", 0, False)
    assert arranged(table(), sort="Name").rows == []


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["pod-10", "pod-2", "pod-1"], ["pod-1", "pod-2", "pod-10"]),
        (["2d", "5m30s", "7s", "3h"], ["7s", "5m30s", "3h", "2d"]),
        (["1Gi", "500Mi", "2G"], ["500Mi", "1Gi", "2G"]),
        (["2/2", "0/1", "1/3"], ["0/1", "1/3", "2/2"]),
        (["10", "9", "", "b"], ["9", "10", "b", ""]),
    ],
)
def test_rows_are_ordered_by_what_a_cell_means(texts, expected):
    rows = [plain(str(number), text) for number, text in enumerate(texts)]

    assert [row.cells[0].text for row in ordered(rows, 0)] == expected
    assert [row.cells[0].text for row in ordered(rows, 0, descending=True)] == expected[::-1]


def test_rows_are_ordered_by_name_and_namespace_too():
    rows = [plain("b", namespace="x"), plain("a", namespace="y"), plain("c", namespace="x")]

    assert [row.name for row in ordered(rows, -1)] == ["a", "b", "c"]
    assert [row.name for row in ordered(rows, -2)] == ["b", "c", "a"]
    assert [row.name for row in ordered(rows, 7)] == ["b", "c", "a"]


@CHANCE
@given(st.lists(st.text(max_size=12), max_size=8))
def test_any_texts_can_be_ordered(texts):
    rows = [plain(str(number), text) for number, text in enumerate(texts)]

    found = ordered(rows, 0)

    assert sorted(row.name for row in found) == sorted(row.name for row in rows)


def whole(rows, total=None):
    return Arranged([], [plain(str(number)) for number in range(rows)], "1", rows if total is None else total, False)


def test_what_was_arranged_is_known_for_a_while():
    memory = Memory()
    memory.put("a", 100.0, whole(5))

    assert memory.get("a", 100.0 + arranging.KNOWN_FOR, 50) is not None
    assert memory.get("b", 100.0, 1) is None
    assert memory.get("a", 101.0 + arranging.KNOWN_FOR, 5) is None
    assert memory.get("a", 100.0, 5) is None


def test_rows_that_were_not_kept_are_read_again():
    memory = Memory()
    memory.put("a", 100.0, whole(5, total=9))

    assert memory.get("a", 100.0, 5) is not None
    assert memory.get("a", 100.0, 6) is None


def test_few_lists_are_remembered(monkeypatch):
    monkeypatch.setattr(arranging, "KEPT", 5)
    memory = Memory()
    for key in range(arranging.REMEMBERED + 1):
        memory.put(key, 100.0, whole(5))
    memory.put("long", 100.0, whole(6))

    assert memory.get(0, 100.0, 1) is None and memory.get("long", 100.0, 1) is None
    assert memory.get(arranging.REMEMBERED, 100.0, 1) is not None
