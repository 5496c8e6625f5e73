"""Which expressions can be written as Python, and what they cost. That they give what closures give: test_loops."""

import pytest

from sampan_cel import types
from sampan_cel.checker import Checker
from sampan_cel.inlining import Inliner, NotInlined
from sampan_cel.parser import parse
from sampan_cel.standard import STANDARD

OBJECT = types.ObjectType("o", {"on": types.BOOL, "name": types.STRING, "n": types.INT})
VARIABLES = {"o": OBJECT, "x": types.DYN}


def inlined(text, *, condition=False):
    tree = parse(text)
    functions = {name: list(overloads) for name, overloads in STANDARD.functions.items()}
    checked = Checker(text, VARIABLES, functions, dict(types.NAMED), "").check(tree)
    inliner = Inliner(checked, {".o": 1, ".x": 2}.__getitem__, {})
    return (inliner.condition if condition else inliner.inline)(tree), inliner


@pytest.mark.parametrize(
    ("text", "python", "cost"),
    [
        ("o.n", "x1[c4]", 2),
        ("o.n < 3", "(x1[c4] < c5)", 3),
        ("o.name.size()", "len(x1[c4])", 3),
        ("!o.on", "(not x1[c4])", 3),
    ],
)
def test_the_text_and_its_cost(text, python, cost):
    found, _ = inlined(text)

    assert found == (python, cost)


def test_the_other_side_of_an_operator_costs_where_it_is_asked():
    found, _ = inlined("o.n < 3 && o.n > 1")

    assert found.cost == 3
    assert "(k := k + 3) and" in found.text


def test_a_condition_from_data_is_asked_whether_it_is_one():
    found, inliner = inlined("o.on", condition=True)
    name = found.text.partition("(")[0]

    assert inliner.names[name](True) is True
    with pytest.raises(Exception, match="no such overload"):
        inliner.names[name](None)


def test_variables_without_a_value_are_named():
    _, inliner = inlined("o.n > 1")

    assert (inliner.outer, inliner.given) == ({1}, {1})


@pytest.mark.parametrize(
    "text", ["[1].all(y, y > 0)", "o.?name", "size(x)", "{'a': 1}", "x.startsWith('a')", "x && true"]
)
def test_what_only_closures_can_do(text):
    with pytest.raises(NotInlined):
        inlined(text, condition="&&" in text)


def test_a_long_expression_is_left_to_the_closures():
    with pytest.raises(NotInlined):
        inlined(" + ".join(["o.n"] * 100))
