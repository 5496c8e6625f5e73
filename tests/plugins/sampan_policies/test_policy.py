"""Match conditions, and variables that do not compile."""

import pytest

from sampan_policies.evaluation import Failed
from sampan_policies.policy import Policy


def policy(*conditions, **spec):
    found = [{"name": f"c{place}", "expression": text} for place, text in enumerate(conditions)]
    return Policy({"metadata": {"name": "p"}, "spec": {"matchConditions": found, **spec}})


def matches(policy, **obj):
    return policy.matches_conditions({"object": obj})


def test_all_conditions_must_be_true():
    found = policy("object.a == 1", "object.b == 2")

    assert matches(found, a=1, b=2)
    assert not matches(found, a=1, b=3)
    assert matches(policy())


def test_a_condition_that_is_false_decides_whatever_else_fails():
    assert not matches(policy("object.nothing == 1", "false"))


def test_a_condition_that_fails_counts_by_the_failure_policy():
    assert not matches(policy("object.nothing == 1", failurePolicy="Ignore"))
    with pytest.raises(Failed, match=r"expression 'object.nothing == 1' resulted in error: no such key: nothing"):
        matches(policy("object.nothing == 1", failurePolicy="Fail"))
    with pytest.raises(Failed, match=r"^\[expression 'object.a == 1' .*, expression 'object.b == 1' .*\]$"):
        matches(policy("object.a == 1", "object.b == 1"))


def test_conditions_have_a_budget_of_their_own():
    expensive = "lists.range(100000).all(x, x >= 0)"

    with pytest.raises(Failed, match="running out of cost budget"):
        matches(policy(*[expensive] * 6))


def test_conditions_may_name_variables_and_see_no_namespace():
    found = policy("variables.a && namespaceObject == null", variables=[{"name": "a", "expression": "object.x == 1"}])

    assert matches(found, x=1)


def test_a_variable_that_does_not_compile_is_kept_with_the_reason():
    found = policy(variables=[{"name": "a", "expression": "nothing"}])

    assert str(found.variables["a"]).startswith("compilation failed: ERROR: <input>:1:1: undeclared reference")
