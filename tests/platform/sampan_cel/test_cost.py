"""The estimated cost of expressions: figures of cel-go's checker/cost_test.go, for has() without a cost."""

import pytest

from sampan_cel import Environment, types
from sampan_cel.extensions import ALL
from sampan_cel.ranges import Range

S, INT = types.STRING, types.INT
INTS = types.list_of(INT)
OBJECT = types.ObjectType("Object", {"count": INT, "name": S})
OBJECTS = types.list_of(OBJECT)
OBJECT_MAP = types.map_of(S, OBJECT)
NESTED_MAP = types.map_of(S, OBJECT_MAP)


def estimate(text, variables=None, hints=None):
    known = hints or {}

    def size_of(path, type):
        most = known.get(".".join(path))
        return None if most is None else Range(0, most)

    return Environment(variables or {}, ALL).compile(text, sizes=size_of).estimate


@pytest.mark.parametrize(
    ("text", "cost"),
    [
        ("'text'", (0, 0)),
        ("[1, 2, 3]", (10, 10)),
        ("{'a': 1}", (30, 30)),
        ("1 < 2", (1, 1)),
        ("2 in [1, 2, 3]", (13, 13)),
        ("true ? 1 : 2", (0, 0)),
        ("true || false", (0, 0)),
        ("size('123')", (1, 1)),
        ("[1, 2, 3].all(x, true)", (20, 20)),
        ("'123'.matches('[0-9]')", (2, 2)),
        ("((5 != 6) == (1 == 2)) == ((3 <= 4) == (9 != 9))", (7, 7)),
        ("[1,2,3,4,5].filter(x, x % 2 == 0)", (41, 101)),
        ("[1,2,3,4,5].map(x, x)", (86, 86)),
        ("[1,2,3,4,5].map(x, x).filter(x, x % 2 == 0)", (117, 177)),
        ("[1,2,3,4,5].map(x, x).exists(x, x == 5) == true", (108, 118)),
        ("[1,2,3,4,5].map(x, x)[4]", (87, 87)),
        ("{'a': [1,2], 'b': [1,2], 'c': [1,2], 'd': [1,2], 'e': [1,2]}.b", (81, 81)),
        ("[[1, 1], [2, 2], [3, 3], [4, 4], [5, 5]].all(y, y.all(y, y == 1))", (76, 136)),
        ("['a', 'ab', 'abc', 'abcd', 'abcde'].map(x, [x, x]).all(y, y.all(y, y.startsWith('a')))", (157, 217)),
        ("[1,2,3].all(i, i in [1,2,3].map(j, j + j))", (20, 230)),
        ("dyn([1,2,3]).all(i, i in dyn([1,2,3]).map(j, j + j))", (21, 234)),
        ("type(1) == int", (3, 1844674407370955266)),
    ],
)
def test_the_cost_of_literals(text, cost):
    assert estimate(text) == cost


@pytest.mark.parametrize(
    ("text", "variables", "hints", "cost"),
    [
        ("input", {"input": INTS}, {}, (1, 1)),
        ("input.count", {"input": OBJECT}, {}, (2, 2)),
        ("has(input.count)", {"input": OBJECT}, {}, (1, 1)),
        ("input['key']", {"input": types.map_of(S, S)}, {}, (2, 2)),
        ("input.all(x, true)", {"input": OBJECTS}, {"input": 100}, (2, 302)),
        (
            "input.all(x, x.all(y, true))",
            {"input": types.list_of(OBJECTS)},
            {"input": 50, "input.@items": 10},
            (2, 1752),
        ),
        ("input.matches('[0-9]')", {"input": S}, {"input": 500}, (3, 103)),
        ("string(input) == string(input)", {"input": types.BYTES}, {"input": 500}, (3, 152)),
        ("bytes(input) == bytes(input)", {"input": S}, {"input": 500}, (3, 302)),
        ("a.contains(b)", {"a": S, "b": S}, {"a": 500, "b": 500}, (2, 2502)),
        ("a || b || c || d", dict.fromkeys("abcd", types.BOOL), {}, (1, 4)),
        ("(x > 2 ? a : b).all(y, true)", {"x": INT, "a": OBJECTS, "b": OBJECTS}, {"a": 1, "b": 1}, (4, 7)),
        ("input.all(k, input[k].count > 3)", {"input": OBJECT_MAP}, {"input": 10}, (2, 82)),
        ("input.all(k, k.contains(k))", {"input": NESTED_MAP}, {"input": 5, "input.@keys": 10}, (2, 32)),
        (
            "input.all(k, input[k].all(k, true) && k.contains(k))",
            {"input": NESTED_MAP},
            {"input": 2, "input.@values": 2, "input.@keys": 5},
            (2, 34),
        ),
        ("(a + b).all(x, true)", {"a": INTS, "b": INTS}, {"a": 10, "b": 10}, (4, 64)),
        ("'abcdefg'.contains(a + b)", {"a": S, "b": S}, {"a": 10, "b": 10}, (2, 6)),
        (
            "[a, b].exists(l, l.exists(v, v.startsWith('hi')))",
            {"a": types.list_of(S), "b": types.list_of(S)},
            {"a": 10, "a.@items": 64, "b": 20, "b.@items": 128},
            (21, 265),
        ),
        ("a == b", dict.fromkeys("ab", types.TIMESTAMP), {}, (3, 3)),
    ],
)
def test_the_cost_of_variables(text, variables, hints, cost):
    assert estimate(text, variables, hints) == cost


def test_a_bound_variable_keeps_the_size_of_its_value():
    costs = estimate("cel.bind(x, input, x == x)", {"input": S}, {"input": 50})

    assert costs == (10 + 1 + 2 + 1, 10 + 1 + 2 + 5)


def test_an_expression_that_was_compiled_without_sizes_has_no_estimate():
    assert Environment({}).compile("1 + 1").estimate is None
