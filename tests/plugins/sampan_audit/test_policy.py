from __future__ import annotations

from pathlib import Path

import pytest

from sampan.errors import ConfigError
from sampan_audit.builtin import POLICY
from sampan_audit.policy import METADATA, RESPONSE, check, read_policy

HEAD = b"apiVersion: audit.k8s.io/v1\nkind: Policy\n"


def complaints(*rules, **more):
    found = {"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": list(rules), **more}
    return [f"{each.path}: {each.message}" for each in check(found)]


def test_a_policy_is_read_with_its_defaults():
    text = (
        HEAD
        + b"""
omitStages: [RequestReceived]
omitManagedFields: true
rules:
- {level: RequestResponse, resources: [{group: apps, resources: [deployments]}], omitManagedFields: false}
- {level: Metadata, omitStages: [ResponseStarted]}
"""
    )

    first, second = read_policy(text, "policy.yaml").rules

    assert (first.level, first.omit_managed_fields, first.omit_stages) == (RESPONSE, False, {"RequestReceived"})
    assert (second.level, second.omit_managed_fields) == (METADATA, True)
    assert second.omit_stages == {"RequestReceived", "ResponseStarted"}


def test_the_builtin_policy_is_right():
    assert list(check(POLICY)) == []


@pytest.mark.parametrize(
    "rule, complaint",
    [
        ({}, "rules[0].level: Required value"),
        (
            {"level": "All"},
            'rules[0].level: Unsupported value: "All": supported values: "None", "Metadata", "Request", '
            '"RequestResponse"',
        ),
        (
            {"level": "None", "nonResourceURLs": ["version"]},
            "rules[0].nonResourceURLs[0]: Invalid value: \"version\": non-resource URL rules must begin with a '/' "
            "character",
        ),
        (
            {"level": "None", "nonResourceURLs": ["/a*b"]},
            "rules[0].nonResourceURLs[0]: Invalid value: \"/a*b\": non-resource URL wildcards '*' must be the final "
            "character of the rule",
        ),
        (
            {"level": "None", "resources": [{"group": "apps/v1"}]},
            'rules[0].resources.group: Invalid value: "apps/v1": ',
        ),
        (
            {"level": "None", "resources": [{"resourceNames": ["a"]}]},
            'rules[0].resources.resourceNames: Invalid value: ["a"]: using resourceNames requires at least one '
            "resource",
        ),
        (
            {"level": "None", "omitStages": ["Late"]},
            'rules[0].omitStages[0]: Invalid value: "Late": allowed stages are '
            "RequestReceived,ResponseStarted,ResponseComplete,Panic",
        ),
        (
            {"level": "None", "nonResourceURLs": ["/a"], "namespaces": ["b"]},
            'rules[0].nonResourceURLs: Invalid value: ["/a"]: rules cannot apply to both regular resources and '
            "non-resource URLs",
        ),
        ({"level": "None", "user": "jane"}, "rules[0].user: Forbidden: unknown field"),
        ({"level": "None", "verbs": "get"}, 'rules[0].verbs: Invalid value: "get": must be a list of strings'),
    ],
)
def test_what_is_wrong_is_named(rule, complaint):
    (found,) = complaints(rule)

    assert found.startswith(complaint)


@pytest.mark.parametrize("text", [b"a: [", b"kind: Policy", HEAD + b"rules: []", HEAD + b"rules: [7]"])
def test_a_file_that_is_no_policy_is_refused_with_its_name(text):
    with pytest.raises(ConfigError, match=r"^policy\.yaml: "):
        read_policy(text, "policy.yaml")


def test_the_example_of_the_manual_page_is_a_policy():
    page = (Path(__file__).parents[3] / "plugins" / "sampan_audit" / "README.md").read_text()
    text = page.partition("```yml\n")[2].partition("```")[0]

    assert len(read_policy(text.encode(), "README.md").rules) == 3
