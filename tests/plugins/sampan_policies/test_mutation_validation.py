"""Validation of MutatingAdmissionPolicies and of bindings, with upstream's messages."""

import pytest

from sampan_policies.kinds import default_policy
from sampan_policies.mutation_validation import (
    validate_mutating,
    validate_mutating_binding,
    validate_validating_binding,
)

RULE = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"]}
APPLY = {"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": "Object{}"}}
PATCH = {"patchType": "JSONPatch", "jsonPatch": {"expression": "[JSONPatch{op: 'remove', path: '/a'}]"}}


def words(found):
    return [f"{path}: {message}" for path, _, message in found]


def said(*mutations, **spec):
    obj = {"metadata": {"name": "p"}, "spec": {
        "matchConstraints": {"resourceRules": [RULE]}, "mutations": list(mutations), "reinvocationPolicy": "Never",
        **spec,
    }}  # fmt: skip
    default_policy(obj)
    return words(validate_mutating(obj, None))


def test_whole_policies_have_no_problems():
    assert said(APPLY, PATCH) == []


@pytest.mark.parametrize(
    ("mutation", "problem"),
    [
        ({}, "patchType: Required value"),
        ({"patchType": "x"}, 'patchType: Unsupported value: "x": supported values: "ApplyConfiguration", "JSONPatch"'),
        ({"patchType": "JSONPatch"}, "jsonPatch: Required value: must be specified when patchType is JSONPatch"),
        (
            {**APPLY, "jsonPatch": {}},
            'jsonPatch: Invalid value: "{jsonPatch}": must not be specified when patchType is ApplyConfiguration',
        ),
        ({**APPLY, "applyConfiguration": {}}, "applyConfiguration.expression: Required value"),
        (
            {**APPLY, "applyConfiguration": {"expression": "object"}},
            'applyConfiguration.expression: Invalid value: "object": must evaluate to Object but got dyn',
        ),
        (
            {**PATCH, "jsonPatch": {"expression": "[1]"}},
            'jsonPatch.expression: Invalid value: "[1]": must evaluate to list(JSONPatch) but got list(int)',
        ),
    ],
)
def test_mutations(mutation, problem):
    assert said(mutation) == [f"spec.mutations[0].{problem}"]


def test_other_fields():
    assert said() == ["spec.mutations: Required value: mutations must contain at least one item"]
    assert said(APPLY, reinvocationPolicy="x") == [
        'spec.reinvocationPolicy: Unsupported value: "x": supported values: "IfNeeded", "Never"'
    ]
    assert said(APPLY, reinvocationPolicy=None) == ["spec.reinvocationPolicy: Required value"]
    assert "spec.matchConstraints.resourceRules.operations" in said(
        APPLY, matchConstraints={"resourceRules": [{**RULE, "operations": ["DELETE"]}]}
    )[0]  # fmt: skip


@pytest.mark.parametrize(
    ("actions", "problems"),
    [
        (["Deny", "Audit"], []),
        ([], [": Required value: at least one validation action is required"]),
        (["x"], ['[0]: Unsupported value: "x": supported values: "Audit", "Deny", "Warn"']),
        (["Deny", "Deny"], ['[1]: Duplicate value: "Deny"']),
    ],
)
def test_actions(actions, problems):
    found = words(validate_validating_binding({"spec": {"policyName": "p", "validationActions": actions}}, None))

    assert found == [f"spec.validationActions{each}" for each in problems]


def test_denying_and_warning_exclude_each_other():
    (found,) = words(
        validate_validating_binding({"spec": {"policyName": "p", "validationActions": ["Deny", "Warn"]}}, None)
    )

    assert found.startswith(
        'spec.validationActions: Invalid value: ["Deny","Warn"]: must not contain both Deny and Warn (repeating '
    )


def test_bindings_name_a_policy():
    assert words(validate_mutating_binding({"spec": {}}, None)) == ["spec.policyName: Required value"]
    assert words(validate_mutating_binding({"spec": {"policyName": "p"}}, None)) == []
    (found,) = words(validate_mutating_binding({"spec": {"policyName": "P"}}, None))
    assert found.startswith('spec.policyName: Invalid value: "P": a lowercase RFC 1123 subdomain')
