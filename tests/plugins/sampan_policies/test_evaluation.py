"""Lazy variables and budgets."""

import pytest

from sampan_cel import Environment, types
from sampan_machinery.expressions import KUBERNETES
from sampan_policies.evaluation import Evaluation, Failed, OutOfBudget

ENVIRONMENT = Environment({"object": types.DYN, "variables": types.DYN}, KUBERNETES)


def program(text):
    return ENVIRONMENT.compile(text)


def test_a_variable_is_evaluated_when_it_is_first_asked_for():
    evaluation = Evaluation({"object": {}}, {"bad": program("object.nothing"), "good": program("1 + 1")})

    assert evaluation.value(program("variables.good + variables.good")) == 4
    with pytest.raises(Failed, match=(
        r"^expression 'variables.bad' resulted in error: "
        r'composited variable "bad" fails to evaluate: no such key: nothing$'
    )):  # fmt: skip
        evaluation.value(program("variables.bad"))


def test_a_variable_is_charged_once():
    variables = {"long": program("[1, 2, 3].map(x, x)")}
    once, twice = Evaluation({}, variables), Evaluation({}, variables)

    once.value(program("variables.long"))
    twice.value(program("variables.long == variables.long"))

    assert 0 < once.left - twice.left < 10


def test_a_variable_that_did_not_compile_says_why():
    with pytest.raises(Failed, match='composited variable "x" fails to compile: because'):
        Evaluation({}, {"x": "because"}).value(program("variables.x"))


def test_the_budget_is_shared_by_all_expressions():
    evaluation = Evaluation({"object": {"a": 1}}, budget=5)

    evaluation.value(program("object.a == 1"))
    with pytest.raises(OutOfBudget, match="running out of cost budget"):
        evaluation.value(program("object.a == 1"))


def test_an_expression_that_costs_too_much_fails_alone():
    evaluation = Evaluation({})

    with pytest.raises(Failed, match="operation cancelled: actual cost limit exceeded"):
        evaluation.value(program("lists.range(500000).all(x, x >= 0)"))
    assert evaluation.value(program("1 + 1")) == 2
