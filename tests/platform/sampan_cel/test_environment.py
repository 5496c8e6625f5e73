"""Programs as their users see them: variables, results, errors, budgets, threads."""

import threading

import pytest

from sampan_cel import CelError, CheckError, CostExceeded, Environment, ParseError, types
from sampan_cel.extensions import ALL
from sampan_cel.types import ObjectType

SCALE = ObjectType("Scale", {"replicas": types.INT, "labels": types.map_of(types.STRING, types.STRING)})


def test_an_expression_sees_its_variables():
    program = Environment({"self": SCALE, "limit": types.INT}).compile("self.replicas <= limit")

    assert program.type == types.BOOL
    assert program.evaluate({"self": {"replicas": 3}, "limit": 3}) is True
    assert program.evaluate({"self": {"replicas": 4}, "limit": 3}) is False


def test_a_variable_without_a_value_is_an_error_only_where_it_is_needed():
    program = Environment({"a": types.BOOL, "b": types.BOOL}).compile("a || b")

    assert program.evaluate({"a": True}) is True
    with pytest.raises(CelError, match=r"no such attribute\(s\): b"):
        program.evaluate({"a": False})


def test_an_undeclared_field_is_found_before_anything_runs():
    with pytest.raises(CheckError) as refused:
        Environment({"self": SCALE}).compile("self.replica > 1")

    assert str(refused.value) == "ERROR: <input>:1:5: undefined field 'replica'\n | self.replica > 1\n | ....^"


def test_all_faults_are_named_at_once():
    with pytest.raises(CheckError) as refused:
        Environment().compile("a && b")

    assert [issue.at for issue in refused.value.issues] == [0, 5]


def test_the_line_of_a_fault_is_shown():
    with pytest.raises(CheckError) as refused:
        Environment().compile("true &&\n  nothing")

    assert str(refused.value).startswith("ERROR: <input>:2:3: undeclared reference to 'nothing' (in container '')")


def test_a_struct_is_where_its_fields_begin():
    """As cel-go says it."""
    with pytest.raises(CheckError) as refused:
        Environment().compile("Object{}")

    assert str(refused.value).startswith("ERROR: <input>:1:7: undeclared reference to 'Object'")


def test_another_type_than_the_wanted_one_is_refused():
    environment = Environment({"self": SCALE})

    environment.compile("self.replicas == 1", result=types.BOOL)
    with pytest.raises(CheckError, match="must evaluate to bool"):
        environment.compile("self.replicas", result=types.BOOL)


def test_a_loop_stops_when_its_budget_is_spent():
    program = Environment({"items": types.list_of(types.INT)}).compile("items.all(x, items.all(y, x + y >= 0))")
    items = list(range(1000))

    with pytest.raises(CostExceeded, match="actual cost limit exceeded"):
        program.evaluate({"items": items}, budget=10_000)
    assert program.evaluate({"items": items[:10]}, budget=10_000) is True


def test_the_cost_grows_with_the_rounds_and_with_the_length_of_texts():
    rounds = Environment({"items": types.list_of(types.INT)}).compile("items.all(x, x >= 0)")
    text = Environment({"text": types.STRING}).compile("text.contains('b')")

    assert rounds.measure({"items": [1] * 200})[1] > 15 * rounds.measure({"items": [1] * 10})[1]
    assert text.measure({"text": "a" * 10_000})[1] > 10 * text.measure({"text": "a" * 100})[1]


def test_nothing_absorbs_a_spent_budget():
    program = Environment({"items": types.list_of(types.INT)}).compile("items.all(x, x >= 0) || true")

    with pytest.raises(CostExceeded):
        program.evaluate({"items": [1] * 1000}, budget=100)


def test_threads_evaluate_one_program_side_by_side():
    program = Environment({"n": types.INT}).compile("[1, 2, 3].map(x, x * n).exists(y, y == 3 * n)")
    wrong = []

    def work(n):
        wrong.extend(n for _ in range(300) if program.evaluate({"n": n}) is not True)

    threads = [threading.Thread(target=work, args=[n]) for n in range(1, 5)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert wrong == []


def test_an_extended_environment_knows_more_and_leaves_the_first_as_it_is():
    first = Environment({"a": types.INT})
    second = first.extended({"b": types.INT})

    assert second.compile("a + b").evaluate({"a": 1, "b": 2}) == 3
    with pytest.raises(CheckError):
        first.compile("a + b")


@pytest.mark.parametrize(
    "text", ["(" * 10_000, "-" * 10_000 + "1", "a" + ".a" * 10_000, "[" * 500 + "]" * 500, "x" * 200_000]
)
def test_what_is_nested_too_deeply_or_too_long_is_refused(text):
    with pytest.raises(ParseError):
        Environment({"a": types.DYN}).compile(text)


@pytest.mark.parametrize("text", ["items.join(',')", "items.sum()", "[items].flatten().join()"])
def test_a_function_that_meets_elements_of_another_type_has_no_overload(text):
    program = Environment({"items": types.DYN}, ALL).compile(text)

    with pytest.raises(CelError, match="no such overload"):
        program.evaluate({"items": ["a", 1, [2]]})
