"""Webhook configurations: what is refused, with the path; what an old object has already may stay."""

import copy

import pytest

from sampan_webhooks.kinds import default_mutating
from sampan_webhooks.validation import validate

RULE = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"]}


def configuration(*changes, **more):
    webhooks = [
        {
            "name": "a.b.c", "clientConfig": {"url": "https://x.test"}, "rules": [RULE], "sideEffects": "None",
            "admissionReviewVersions": ["v1"], **each,
        }
        for each in changes or (more,)
    ]  # fmt: skip
    found = {"metadata": {"name": "x"}, "webhooks": copy.deepcopy(webhooks)}
    default_mutating(found)
    return found


def complaints(new, old=None):
    return [f"{each.path}: {each.message}" for each in validate(new, old)]


def service(**changes):
    return {"clientConfig": {"service": {"name": "s", "namespace": "n", **changes}}}


@pytest.mark.parametrize(
    "more",
    [
        {}, service(), service(path="/a/b-c/"), service(path="/"), {"sideEffects": "NoneOnDryRun"},
        {"admissionReviewVersions": ["v2", "v1beta1"]}, {"timeoutSeconds": 30}, {"reinvocationPolicy": "IfNeeded"},
        {"matchConditions": [{"name": "a/b", "expression": "true"}]},
    ],
)  # fmt: skip
def test_good_ones(more):
    assert complaints(configuration(**more)) == []
    assert complaints({"metadata": {"name": "x"}}) == []


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ({"name": ""}, "webhooks[0].name: Required value"),
        (
            {"name": "a.b"},
            'name: Invalid value: "a.b": should be a domain with at least three segments separated by dots',
        ),
        ({"name": "A.b.c"}, "a lowercase RFC 1123 subdomain"),
        ({"failurePolicy": "x"}, 'failurePolicy: Unsupported value: "x": supported values: "Fail", "Ignore"'),
        ({"matchPolicy": "x"}, 'matchPolicy: Unsupported value: "x": supported values: "Equivalent", "Exact"'),
        ({"reinvocationPolicy": "x"}, 'Unsupported value: "x": supported values: "IfNeeded", "Never"'),
        ({"sideEffects": None}, "sideEffects: Required value: must specify one of None, NoneOnDryRun"),
        ({"sideEffects": "Some"}, 'sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"'),
        (
            {"timeoutSeconds": 31},
            "timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds",
        ),
        ({"timeoutSeconds": 0}, "the timeout value must be between 1 and 30 seconds"),
        ({"objectSelector": {"matchLabels": {"a b": ""}}}, "webhooks[0].objectSelector"),
        (
            {"namespaceSelector": {"matchExpressions": [{"key": "a", "operator": "Odd"}]}},
            "webhooks[0].namespaceSelector",
        ),
        ({"clientConfig": {}}, "clientConfig: Required value: exactly one of url or service is required"),
        ({"clientConfig": {"url": "https://x", "service": {}}}, "exactly one of url or service is required"),
        (
            {"clientConfig": {"url": "http://x"}},
            "'https' is the only allowed URL scheme; desired format: https://host[/path]",
        ),
        ({"clientConfig": {"url": "https://"}}, "host must be specified"),
        ({"clientConfig": {"url": "https://a@x"}}, "user information is not permitted in the URL"),
        ({"clientConfig": {"url": "https://x#a"}}, "fragments are not permitted in the URL"),
        ({"clientConfig": {"url": "https://x?a=b"}}, "query parameters are not permitted in the URL"),
        ({"clientConfig": {"url": "https://[x"}}, "url must be a valid URL"),
        ({"clientConfig": {"url": "https://x", "caBundle": "%"}}, "clientConfig.caBundle: Invalid value"),
        (service(name=""), "clientConfig.service.name: Required value"),
        (service(namespace=""), "clientConfig.service.namespace: Required value"),
        (service(port=70000), "service.port: Invalid value: 70000: port is not valid: must be between 1 and 65535"),
        (service(path="ab"), "must start with a '/'"),
        (service(path="/a//b"), "segment[1] may not be empty"),
        (service(path="//"), "segment[0] may not be empty"),
        (service(path="/A"), "segment[0]: a lowercase RFC 1123 subdomain"),
        ({"admissionReviewVersions": []}, "admissionReviewVersions: Required value: must specify one of v1, v1beta1"),
        (
            {"admissionReviewVersions": ["v1", "v1"]},
            'admissionReviewVersions[1]: Invalid value: "v1": duplicate version',
        ),
        ({"admissionReviewVersions": ["v9"]}, "must include at least one of v1, v1beta1"),
        ({"admissionReviewVersions": ["v1", "1x"]}, "admissionReviewVersions[1]: Invalid value"),
        ({"rules": [{**RULE, "scope": "x"}]}, "webhooks[0].rules[0].scope"),
        ({"matchConditions": [{"name": "a", "expression": " "}]}, "matchConditions[0].expression: Required value"),
        ({"matchConditions": [{"name": "", "expression": "true"}]}, "matchConditions[0].name: Required value"),
        ({"matchConditions": [{"name": "a b", "expression": "true"}]}, "matchConditions[0].name: Invalid value"),
        ({"matchConditions": [{"name": "a", "expression": "1"}]}, "must evaluate to bool but got int"),
        ({"matchConditions": [{"name": "a", "expression": "x"}]}, "compilation failed: ERROR: <input>:1:1: undeclared"),
        (
            {"matchConditions": [{"name": "a", "expression": "true"}] * 2},
            'matchConditions[1].name: Duplicate value: "a"',
        ),
    ],
)
def test_bad_ones(more, wanted):
    found = complaints(configuration(**more))

    assert len(found) == 1, found
    assert wanted in found[0]
    assert found[0].startswith("webhooks[0].")


def test_names_are_unique_and_conditions_are_not_too_many():
    assert complaints(configuration({}, {})) == ['webhooks[1].name: Duplicate value: "a.b.c"']
    many = [{"name": f"c{number}", "expression": "true"} for number in range(65)]
    found = complaints(configuration(matchConditions=many))
    assert found == ["webhooks[0].matchConditions: Too many: 65: must have at most 64 items"]


@pytest.mark.parametrize(
    "changes",
    [
        ({"sideEffects": "Some"},),
        ({"admissionReviewVersions": ["v9"]},),
        ({}, {}),
        ({"objectSelector": {"matchLabels": {"a b": ""}}},),
        ({"matchConditions": [{"name": "a", "expression": "nothing"}]},),
    ],
)
def test_what_is_there_already_may_stay(changes):
    old = configuration(*changes)
    new = configuration(*({**each, "timeoutSeconds": 5} for each in changes))

    assert complaints(old)
    assert complaints(new, old) == []
