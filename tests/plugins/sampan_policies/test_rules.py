"""matchConstraints, matchResources and paramRef."""

import pytest

from sampan_policies.rules import match_resources, mutable_operations, param_ref

RULE = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"]}
MATCH = {"matchPolicy": "Exact", "namespaceSelector": {}, "objectSelector": {}, "resourceRules": [RULE]}


def said(found):
    return [f"{path}: {message}" for path, _, message in found]


def test_what_is_whole_has_no_problems():
    assert said(match_resources(MATCH, "m")) == []
    assert said(param_ref({"name": "a", "parameterNotFoundAction": "Allow"}, "p")) == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"matchPolicy": None}, "m.matchPolicy: Required value"),
        ({"matchPolicy": "x"}, 'm.matchPolicy: Unsupported value: "x": supported values: "Equivalent", "Exact"'),
        ({"objectSelector": None}, "m.objectSelector: Required value"),
        ({"resourceRules": [{**RULE, "operations": []}]}, "m.resourceRules[0].operations: Required value"),
        (
            {"excludeResourceRules": [{**RULE, "resourceNames": ["a", "a"]}]},
            'm.excludeResourceRules[0].resourceNames[1]: Duplicate value: "a"',
        ),
    ],
)
def test_matching(change, problem):
    assert said(match_resources({**MATCH, **change}, "m")) == [problem]


def test_a_mutating_policy_cannot_match_deletions():
    match = {"resourceRules": [{**RULE, "operations": ["CREATE", "DELETE"]}]}

    assert said(mutable_operations(match, "m")) == [
        'm.resourceRules.operations: Unsupported value: "DELETE": supported values: "*", "CONNECT", "CREATE", "UPDATE"'
    ]


@pytest.mark.parametrize(
    ("ref", "problems"),
    [
        ({}, ["p: Required value: one of name or selector must be specified"]),
        (
            {"name": "a", "selector": {}},
            [
                "p.name: Forbidden: name and selector are mutually exclusive",
                "p.selector: Forbidden: name and selector are mutually exclusive",
            ],
        ),
        ({"name": "a/b"}, ["p.name: Invalid value: \"a/b\": may not contain '/'"]),
    ],
)
def test_references(ref, problems):
    assert said(param_ref({**ref, "parameterNotFoundAction": "Deny"}, "p")) == problems


def test_the_action_is_one_of_two():
    assert said(param_ref({"name": "a"}, "p")) == ["p.parameterNotFoundAction: Required value"]
    assert said(param_ref({"name": "a", "parameterNotFoundAction": "x"}, "p")) == [
        'p.parameterNotFoundAction: Unsupported value: "x": supported values: "Deny", "Allow"'
    ]
