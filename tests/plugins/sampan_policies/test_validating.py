"""What a validating policy says of a request."""

import pytest

from sampan_policies.evaluation import NO_BUDGET
from sampan_policies.validating import LONGEST_MESSAGE, Decision, ValidatingPolicy

EXPENSIVE = "lists.range(150000).all(x, x >= 0)"  # about 750,000


def outcome(*validations, obj=None, **spec):
    policy = ValidatingPolicy({"metadata": {"name": "p"}, "spec": {"validations": list(validations), **spec}})
    return policy.evaluate({"object": obj or {}, "oldObject": None, "namespaceObject": None})


def decision(**validation):
    (found,) = outcome(validation, obj={"n": 1}).decisions
    return found


def test_what_is_true_admits():
    assert decision(expression="object.n == 1") == Decision(False)


@pytest.mark.parametrize(
    ("validation", "message"),
    [
        ({}, "failed expression: object.n == 2"),
        ({"message": " no "}, "no"),
        ({"message": "no", "messageExpression": "'n is ' + string(object.n)"}, "n is 1"),
        ({"message": "no", "messageExpression": "'n is ' + object.n"}, "no"),
        ({"message": "no", "messageExpression": "' '"}, "no"),
        ({"message": "no", "messageExpression": r"'a\nb'"}, "no"),
        ({"message": "no", "messageExpression": f"'{'x' * (LONGEST_MESSAGE + 1)}'"}, "no"),
    ],
)
def test_messages(validation, message):
    assert decision(expression=" object.n == 2", **validation) == Decision(True, message)


def test_the_reason_is_the_validation_s():
    assert decision(expression="false", reason="Forbidden").reason == "Forbidden"


def test_an_error_denies_unless_failures_are_ignored():
    failing = {"expression": "object.nothing == 1"}

    denied = outcome(failing).decisions[0]
    ignored = outcome(failing, failurePolicy="Ignore").decisions[0]

    assert denied == Decision(
        True, "expression 'object.nothing == 1' resulted in error: no such key: nothing", failed=True
    )
    assert not ignored.denies


def test_what_does_not_compile_denies_too():
    found = outcome({"expression": "nothing"}).decisions[0]

    assert found.message.startswith("compilation error: compilation failed: ERROR: <input>:1:1")


def test_no_more_is_run_when_the_budget_is_spent():
    found = outcome(*[{"expression": EXPENSIVE}] * 14)

    assert found.decisions == (Decision(True, NO_BUDGET, failed=True),)


def test_a_policy_whose_conditions_are_false_says_nothing():
    found = outcome({"expression": "false"}, matchConditions=[{"name": "a", "expression": "false"}])

    assert found.decisions == ()


def test_audit_annotations_have_values_or_are_left_out():
    annotations = [
        {"key": "a", "valueExpression": "'  x '"},
        {"key": "b", "valueExpression": "null"},
        {"key": "c", "valueExpression": "''"},
        {"key": "d", "valueExpression": "string(object.nothing)"},
    ]

    found = outcome(auditAnnotations=annotations)
    ignored = outcome(auditAnnotations=annotations, failurePolicy="Ignore")

    assert found.annotations == {"a": "x"}
    assert found.annotation_errors == ["expression 'string(object.nothing)' resulted in error: no such key: nothing"]
    assert ignored.annotation_errors == []
