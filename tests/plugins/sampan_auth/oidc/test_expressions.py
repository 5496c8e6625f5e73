from __future__ import annotations

import pytest

from sampan_auth.oidc.expressions import Expression, Rule
from sampan_cel import CelError


def test_an_expression_sees_its_variable():
    assert Expression("claims.a + 1", "claims").value({"a": 1}) == 2
    assert Expression("claims.?a", "claims").value({}) is None
    assert Expression("claims.?a", "claims").value({"a": "b"}) == "b"


def test_what_cannot_be_compiled_says_why():
    assert Expression.problem_of("claims.a", "claims", condition=True) == ""
    assert Expression.problem_of("'a'", "claims", condition=True) == "must evaluate to bool"
    assert "undeclared reference to 'user'" in Expression.problem_of("user.a", "claims", condition=False)


def test_a_rule_is_true_or_false_and_nothing_else():
    assert Rule(Expression("claims.a == 1", "claims"), "").holds({"a": 1})
    with pytest.raises(CelError, match="must return a boolean"):
        Rule(Expression("claims.a", "claims"), "").holds({"a": 1})
