"""What the macros over lists and maps evaluate to."""

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a.list.all(x, x > 0)", True),
        ("a.list.exists(x, x == 2)", True),
        ("a.list.exists_one(x, x > 2)", True),
        ("a.list.map(x, x * 2)", [2, 4, 6]),
        ("a.list.map(x, x > 1, x * 2)", [4, 6]),
        ("a.list.filter(x, x != 2)", [1, 3]),
        ("a.map.all(k, k in ['x', 'y'])", True),
        ("a.map.all(k, v, v > 0)", True),
        ("a.list.exists(i, v, i == 2 && v == 3)", True),
        ("a.map.transformMap(k, v, v > 1, v + 1)", {"y": 3}),
        ("a.list.transformList(i, v, i * v)", [0, 2, 6]),
        ("a.map.transformMapEntry(k, v, {v: k})", {1: "x", 2: "y"}),
        ("[[1, 2], [3]].map(x, x.map(y, y + size(x)))", [[3, 4], [4]]),
    ],
)
def test_what_is_made_of_the_rounds(run, text, value):
    assert run(text, a={"list": [1, 2, 3], "map": {"x": 1, "y": 2}}) == value
