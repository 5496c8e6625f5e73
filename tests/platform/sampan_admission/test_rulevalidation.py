"""Rules: wildcards stand alone, what is empty is required."""

import pytest

from sampan_admission.rulevalidation import validate_rules

GOOD = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"]}


def complaints(**changes):
    return [f"{each.path}: {each.message}" for each in validate_rules([{**GOOD, **changes}], "rules")]


@pytest.mark.parametrize(
    "resources", [["*"], ["*/*"], ["pods", "pods/status"], ["*", "*/status"], ["*", "pods/*"], ["pods/*", "nodes/*"]]
)
def test_good_resources(resources):
    assert complaints(resources=resources) == []


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"operations": []}, "rules[0].operations: Required value"),
        ({"operations": ["*", "CREATE"]}, "if '*' is present, must not specify other operations"),
        (
            {"operations": ["PATCH"]},
            'rules[0].operations[0]: Unsupported value: "PATCH": supported values: "*", "CONNECT"',
        ),
        ({"apiGroups": []}, "rules[0].apiGroups: Required value"),
        ({"apiGroups": ["a", "*"]}, "if '*' is present, must not specify other API groups"),
        ({"apiVersions": []}, "rules[0].apiVersions: Required value"),
        ({"apiVersions": [""]}, "rules[0].apiVersions[0]: Required value"),
        ({"apiVersions": ["v1", "*"]}, "if '*' is present, must not specify other API versions"),
        ({"resources": []}, "rules[0].resources: Required value"),
        ({"resources": [""]}, "rules[0].resources[0]: Required value"),
        ({"resources": ["pods/*", "pods/status"]}, "if 'pods/*' is present, must not specify pods/status"),
        ({"resources": ["*/status", "pods/status"]}, "if '*/status' is present, must not specify pods/status"),
        ({"resources": ["*/*", "pods"]}, "if '*/*' is present, must not specify other resources"),
        ({"resources": ["*", "pods"]}, "must not specify other resources without subresources"),
        ({"scope": "Odd"}, 'rules[0].scope: Unsupported value: "Odd": supported values: "*", "Cluster", "Namespaced"'),
    ],
)
def test_bad_rules(changes, wanted):
    found = complaints(**changes)

    assert len(found) == 1
    assert wanted in found[0]


def test_a_policy_names_each_object_once():
    assert complaints(resourceNames=["a", "a"]) == ['rules[0].resourceNames[1]: Duplicate value: "a"']
