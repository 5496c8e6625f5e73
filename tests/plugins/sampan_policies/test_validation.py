"""Validation of ValidatingAdmissionPolicies, with upstream's messages."""

import pytest

from sampan_policies.kinds import default_policy
from sampan_policies.validation import validate_status, validate_validating

RULE = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"]}


def policy(**spec):
    found = {"matchConstraints": {"resourceRules": [RULE]}, "validations": [{"expression": "true"}], **spec}
    obj = {"metadata": {"name": "p"}, "spec": {name: value for name, value in found.items() if value is not None}}
    default_policy(obj)
    return obj


def said(old=None, **spec):
    return [f"{path}: {message}" for path, _, message in validate_validating(policy(**spec), old)]


def test_a_whole_policy_has_no_problems():
    assert said(
        paramKind={"apiVersion": "rules.example.com/v1", "kind": "Limit"},
        matchConditions=[{"name": "a.b/c", "expression": "params.on == true"}],
        variables=[{"name": "n", "expression": "object.spec.n + 1"}, {"name": "m", "expression": "variables.n > 1"}],
        validations=[{"expression": "variables.m", "messageExpression": "'n is ' + string(variables.n)"}],
        auditAnnotations=[{"key": "n", "valueExpression": "string(variables.n)"}],
    ) == []  # fmt: skip


@pytest.mark.parametrize(
    ("spec", "problems"),
    [
        ({"failurePolicy": "x"}, ['failurePolicy: Unsupported value: "x": supported values: "Fail", "Ignore"']),
        ({"matchConstraints": None}, ["matchConstraints: Required value"]),
        ({"matchConstraints": {}}, ["matchConstraints.resourceRules: Required value"]),
        (
            {"validations": []},
            [
                "validations: Required value: validations or auditAnnotations must contain at least one item",
                "auditAnnotations: Required value: validations or auditAnnotations must contain at least one item",
            ],
        ),
        ({"paramKind": {}}, ["paramKind.apiVersion: Required value", "paramKind.kind: Required value"]),
        (
            {"paramKind": {"apiVersion": "a/b/c", "kind": "A"}},
            ['paramKind.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c'],
        ),
        (
            {"paramKind": {"apiVersion": "a/", "kind": "A"}},
            ['paramKind.apiVersion: Invalid value: "a/": version must be specified'],
        ),
        (
            {"matchConditions": [{}]},
            ["matchConditions[0].expression: Required value", "matchConditions[0].name: Required value"],
        ),
        (
            {"matchConditions": [{"name": "a", "expression": "true"}] * 2},
            ['matchConditions[1].name: Duplicate value: "a"'],
        ),
        (
            {"variables": [{"name": "in", "expression": "1"}]},
            ['variables[0].name: Invalid value: "in": must be a valid CEL identifier'],
        ),
        (
            {"variables": [{}]},
            [
                "variables[0].name: Required value: name is not specified",
                "variables[0].expression: Required value: expression is not specified",
            ],
        ),
        ({"validations": [{}]}, ["validations[0].expression: Required value: expression is not specified"]),
        (
            {"validations": [{"expression": "object.x"}]},
            ['validations[0].expression: Invalid value: "object.x": must evaluate to bool but got dyn'],
        ),
        (
            {"validations": [{"expression": "true", "messageExpression": " ", "message": " "}]},
            [
                'validations[0].messageExpression: Invalid value: " ": must be non-empty if specified',
                'validations[0].message: Invalid value: " ": must be non-empty if specified',
            ],
        ),
        (
            {"validations": [{"expression": "true", "message": "a\nb", "reason": "x"}]},
            [
                'validations[0].message: Invalid value: "a\\nb": must not contain line breaks',
                'validations[0].reason: Unsupported value: "x": supported values: "Forbidden", "Invalid", '
                '"RequestEntityTooLarge"',
            ],
        ),
        (
            {"validations": [
                {"expression": "true", "messageExpression": "authorizer.path('/').check('get').reason()"},
            ]},
            [
                'validations[0].messageExpression: Invalid value: "authorizer.path(\'/\').check(\'get\').reason()": '
                "compilation failed: ERROR: <input>:1:1: undeclared reference to 'authorizer' (in container '')\n"
                " | authorizer.path('/').check('get').reason()\n | ^"
            ],
        ),
        (
            {"auditAnnotations": [{"key": "a", "valueExpression": "'x'"}] * 2},
            ['auditAnnotations[1].key: Duplicate value: "a"'],
        ),
        (
            {"auditAnnotations": [{"key": "a", "valueExpression": f"'{'x' * 5200}'"}]},
            ["auditAnnotations[0].valueExpression: Required value: must not exceed 5120 bytes in length"],
        ),
        (
            {"auditAnnotations": [{"key": "a", "valueExpression": "1"}]},
            [
                'auditAnnotations[0].valueExpression: Invalid value: "1": '
                "must evaluate to one of [string null_type] but got int"
            ],
        ),
    ],
)  # fmt: skip
def test_problems(spec, problems):
    assert said(**spec) == [f"spec.{each}" for each in problems]


def test_an_expression_that_does_not_compile_is_shown_with_its_place():
    (found,) = said(validations=[{"expression": "object.spec.replicas >"}])

    assert found.startswith(
        'spec.validations[0].expression: Invalid value: "object.spec.replicas >": compilation failed: '
        "ERROR: <input>:1:23: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(',"
    )


def test_match_conditions_may_not_name_variables():
    (found,) = said(
        variables=[{"name": "a", "expression": "true"}],
        matchConditions=[{"name": "x", "expression": "variables.a"}],
    )

    assert "undeclared reference to 'variables'" in found


def test_match_conditions_that_have_not_changed_are_left_alone():
    conditions = [{"name": "x", "expression": "no longer an expression"}]

    assert said(old=policy(matchConditions=conditions), matchConditions=conditions) == []
    assert said(old=policy(), matchConditions=conditions)


def test_conditions_in_the_status_are_whole():
    obj = {"metadata": {"name": "p"}, "status": {"conditions": [{"type": "Ready", "status": "Maybe"}]}}

    assert [path for path, _, _ in validate_status(obj, None)] == [
        "status.conditions[0].status", "status.conditions[0].lastTransitionTime", "status.conditions[0].reason",
    ]  # fmt: skip


def test_warnings_in_the_status_have_a_place_and_words():
    obj = {"metadata": {"name": "p"}, "status": {"typeChecking": {"expressionWarnings": [{}]}}}

    assert [path for path, _, _ in validate_status(obj, None)] == [
        "status.typeChecking.expressionWarnings[0].warning", "status.typeChecking.expressionWarnings[0].fieldRef",
    ]  # fmt: skip
