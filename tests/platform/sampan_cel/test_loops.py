"""A loop as one function of Python gives what the closures give: value, error and cost, whatever may be spent."""

import pytest

from sampan_cel import CelError, Environment, loops, types
from sampan_cel.errors import CostExceeded
from sampan_cel.extensions import ALL

ITEM = types.ObjectType(
    "item",
    {"name": types.STRING, "port": types.INT, "on": types.BOOL, "labels": types.map_of(types.STRING, types.STRING)},
)
SELF = types.ObjectType(
    "self",
    {
        "items": types.list_of(ITEM),
        "map": types.map_of(types.STRING, types.STRING),
        "numbers": types.list_of(types.INT),
        "most": types.INT,
    },
)
ENVIRONMENT = Environment({"self": SELF, "other": SELF}, ALL)
VALUES = {
    "self": {
        "items": [
            {"name": "a", "port": 1, "on": True, "labels": {"x": "y"}},
            {"name": "b" * 25, "port": 2, "on": None, "labels": {}},
            {"name": "c", "port": 3, "on": False},
        ],
        "map": {"k1": "one", "k2": "t" * 30, "k3": ""},
        "numbers": [3, 1, 2],
        "most": 2,
    }
}
#: Of an item ``i``; those that fail for some of them are among them.
CONDITIONS = (
    "i.port > 0", "i.port < self.most", "i.port == 3", "i.name != 'a'", "i.name == i.name", "has(i.labels)", "i.on",
    "i.on || i.port > 1", "i.port > 1 && i.on", "!has(i.labels) || i.labels['x'] == 'y'", "i.labels.x == 'y'",
    "i.name.startsWith('b')", "i.name.matches('^[a-c]$')", "i.name.contains('bb')", "i.name in ['a', 'c']",
    "i.name in self.map", "i.port in self.numbers", "i.port in [1, 2]", "self.numbers[i.port] > 1",
    "i.port / (i.port - 2) >= 0", "(i.on ? i.port : i.port + 1) > 1", "i.name + 'x' == 'ax'", "[i.port, 2] == [1, 2]",
    "other.most == i.port", "size(i.name) + i.name.size() < 3", "true", "false", "self.map.exists(k, k == i.name)",
    "i.?name.orValue('') == 'a'", "dyn(i.name) == 'a'", "self.items.all(j, j.port >= i.port)",
)  # fmt: skip
OVER_ITEMS = tuple(
    form.format(each)
    for each in CONDITIONS
    for form in (
        "self.items.all(i, {})", "self.items.exists(i, {})", "self.items.exists_one(i, {})",
        "self.items.filter(i, {})", "self.items.map(i, {}, i.name)", "self.items.map(i, {})",
        "self.items.all(n, i, n < 1 || {})", "self.items.transformList(n, i, {}, i.port + n)",
    )
)  # fmt: skip
OTHERS = (
    "self.map.all(k, k.size() <= 2)", "self.map.all(k, k.size() <= 2 && self.map[k].size() < 10)",
    "self.map.all(k, v, v.size() > 0 || k == 'k3')", "self.map.exists(k, v, v == 'one')",
    "self.map.filter(k, k > 'k1')",
    "self.numbers.all(n, n > 0)", "self.numbers.map(n, n * n)", "self.numbers.map(n, n > 1, n - 1)",
    "['a', 'b'].all(x, x.size() == 1)", "self.numbers.all(n, self.numbers.exists(m, m >= n))",
    "self.numbers.filter(n, n > 5).all(n, false)",
)  # fmt: skip


BUDGETS = (*range(0, 130, 4), 1 << 40)


def outcome(program, budget):
    try:
        value, cost = program.measure(VALUES, budget=budget)
    except CostExceeded as error:
        return "too much", str(error)
    except CelError as error:
        return "error", str(error), error.cost
    return "value", value, cost


@pytest.mark.parametrize("text", [*OVER_ITEMS, *OTHERS])
def test_a_function_gives_what_closures_give_with_each_budget(text, monkeypatch):
    monkeypatch.setattr(loops, "HOT", 1 << 60)
    closures = ENVIRONMENT.compile(text)
    expected = [outcome(closures, budget) for budget in BUDGETS]

    monkeypatch.setattr(loops, "HOT", 0)
    functions = ENVIRONMENT.compile(text)

    assert [outcome(functions, budget) for budget in BUDGETS] == expected


def test_most_of_them_are_functions(monkeypatch):
    wanted = []
    monkeypatch.setattr(loops, "made", lambda text, names: wanted.append(text) or (lambda a, value: loops.AGAIN))
    monkeypatch.setattr(loops, "HOT", 0)

    for text in OVER_ITEMS:
        outcome(ENVIRONMENT.compile(text), 1 << 40)

    assert len(wanted) > 0.85 * len(OVER_ITEMS)


def test_a_function_is_made_once_a_macro_is_hot(monkeypatch):
    made, calls = loops.made, []
    monkeypatch.setattr(loops, "made", lambda text, names: calls.append(text) or made(text, names))
    program = ENVIRONMENT.compile("self.numbers.all(n, n > 0)")
    values = {"self": {"numbers": list(range(1, 31))}}

    for _ in range(loops.HOT // 30 - 1):
        program.evaluate(values)
    assert calls == []

    for _ in range(5):
        assert program.evaluate(values) is True
    assert len(calls) == 1


def test_no_text_of_an_expression_becomes_text_of_python(monkeypatch):
    texts = []
    monkeypatch.setattr(loops, "made", lambda text, names: texts.append(text) or (lambda a, value: loops.AGAIN))
    monkeypatch.setattr(loops, "HOT", 0)

    text = "self.items.all(evil, evil.name == '\"); evil()' || evil.name == 'evil' || self.most > 0)"
    ENVIRONMENT.compile(text).evaluate(VALUES)

    assert len(texts) == 1
    assert "evil" not in texts[0]


def test_what_python_cannot_parse_is_left_to_the_closures(monkeypatch):
    monkeypatch.setattr(loops, "HOT", 0)

    assert ENVIRONMENT.compile(f"self.numbers.all(n, {' + '.join(['n'] * 60)} > 0)").evaluate(VALUES) is True
    assert loops.made("def loop(a, value):\n    return " + "(" * 300 + "1" + ")" * 300, {})([], []) is loops.AGAIN


def test_values_of_another_type_than_declared_are_the_closures_business(monkeypatch):
    """An old value that its schema no longer admits may stay (ratcheting), and rules are asked about it."""
    monkeypatch.setattr(loops, "HOT", 0)
    program = ENVIRONMENT.compile("self.items.all(i, has(i.labels))")

    with pytest.raises(CelError, match="no such overload"):
        program.evaluate({"self": {"items": ["labels"]}})
    with pytest.raises(CelError, match="no such overload"):
        program.evaluate({"self": {"items": 7}})
