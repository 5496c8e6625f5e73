"""Rules of webhooks and policies, with upstream's messages."""

import pytest

from sampan_admission.rulevalidation import validate_rules

RULE = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"]}


def said(**changes):
    return [f"{path}: {message}" for path, _, message in validate_rules([{**RULE, **changes}], "rules")]


def test_a_whole_rule_has_no_problems():
    assert said(resources=["pods", "pods/*", "*/scale"], scope="Namespaced") == []


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"operations": []}, "operations: Required value"),
        (
            {"operations": ["*", "CREATE"]},
            'operations: Invalid value: ["*","CREATE"]: if \'*\' is present, must not specify other operations',
        ),
        ({"apiGroups": []}, "apiGroups: Required value"),
        ({"apiVersions": [""]}, "apiVersions[0]: Required value"),
        ({"resources": [""]}, "resources[0]: Required value"),
        (
            {"resources": ["pods/*", "pods/status"]},
            "resources[1]: Invalid value: \"pods/status\": if 'pods/*' is present, must not specify pods/status",
        ),
        (
            {"resources": ["*/status", "pods/status"]},
            "resources[1]: Invalid value: \"pods/status\": if '*/status' is present, must not specify pods/status",
        ),
        (
            {"resources": ["*/*", "pods"]},
            'resources: Invalid value: ["*/*","pods"]: if \'*/*\' is present, must not specify other resources',
        ),
        (
            {"resources": ["*", "pods"]},
            'resources: Invalid value: ["*","pods"]: if \'*\' is present, must not specify other resources without '
            "subresources",
        ),
        ({"scope": "x"}, 'scope: Unsupported value: "x": supported values: "*", "Cluster", "Namespaced"'),
        ({"resourceNames": ["a", "a"]}, 'resourceNames[1]: Duplicate value: "a"'),
    ],
)
def test_problems(changes, problem):
    assert said(**changes) == [f"rules[0].{problem}"]
