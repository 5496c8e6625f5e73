"""Functions on lists."""

import pytest

from sampan_cel import CelError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[1, 2, 2].isSorted()", True),
        ("['b', 'a'].isSorted()", False),
        ("[1, 2].sum()", 3),
        ("[duration('1m'), duration('1h')].sum() == duration('61m')", True),
        ("[3, 1, 2].min()", 1),
        ("['a', 'c'].max()", "c"),
        ("[1, 2, 1].indexOf(1)", 0),
        ("[1, 2, 1].lastIndexOf(1)", 2),
        ("[1].indexOf(9)", -1),
        ("[1, 2, 3].slice(1, 3)", [2, 3]),
        ("[[1], [2, [3]]].flatten()", [1, 2, [3]]),
        ("[1, [2, [3]]].flatten(2)", [1, 2, 3]),
        ("[1, 1.0, 2].distinct()", [1, 2]),
        ("['b', 'a'].sort()", ["a", "b"]),
        ("[1, 2].reverse()", [2, 1]),
        ("lists.range(3)", [0, 1, 2]),
    ],
)
def test_values(run, text, value):
    assert run(text) == value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[].min()", "min called on empty list"),
        ("[1].slice(0, 2)", "list is length 1"),
        ("lists.range(99999999)", "too many"),
        ("[dyn(1), 'a'].sort()", "same type|overload"),
    ],
)
def test_errors(run, text, words):
    with pytest.raises(CelError, match=words):
        run(text)


def test_a_list_is_sorted_by_keys(run):
    items = [{"n": 2, "name": "b"}, {"n": 1, "name": "a"}]

    assert run("items.sortBy(each, each.n).map(each, each.name)", items=items) == ["a", "b"]


def test_keys_of_several_types_cannot_be_sorted(run):
    with pytest.raises(CelError, match="must have the same type"):
        run("items.sortBy(each, each.n)", items=[{"n": 2}, {"n": "a"}])
