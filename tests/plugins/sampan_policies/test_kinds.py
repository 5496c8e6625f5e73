"""Defaults and columns."""

from sampan_policies.kinds import (
    MUTATING_POLICY,
    VALIDATING_BINDING,
    VALIDATING_POLICY,
    default_binding,
    default_policy,
)


def cells(kind, spec):
    return [column.cell({"metadata": {"name": "p"}, "spec": spec}) for column in kind.columns[1:3]]


def test_policies_have_defaults():
    obj = {"metadata": {"name": "p"}, "spec": {"matchConstraints": {"resourceRules": [{}]}}}

    default_policy(obj)

    assert obj["spec"] == {
        "failurePolicy": "Fail",
        "matchConstraints": {
            "matchPolicy": "Equivalent", "namespaceSelector": {}, "objectSelector": {},
            "resourceRules": [{"scope": "*"}],
        },
    }  # fmt: skip


def test_bindings_have_defaults_where_they_match_something():
    without, some = {"spec": {}}, {"spec": {"matchResources": {}}}

    default_binding(without)
    default_binding(some)

    assert without == {"spec": {}}
    assert some["spec"]["matchResources"]["matchPolicy"] == "Equivalent"


def test_columns_of_policies():
    spec = {"validations": [{}, {}], "mutations": [{}], "paramKind": {"apiVersion": "v1", "kind": "ConfigMap"}}

    assert cells(VALIDATING_POLICY, spec) == [2, "v1/ConfigMap"]
    assert cells(MUTATING_POLICY, {**spec, "paramKind": None}) == [1, "<unset>"]


def test_columns_of_bindings():
    assert cells(VALIDATING_BINDING, {"policyName": "p"}) == ["p", "<unset>"]
    assert cells(VALIDATING_BINDING, {"paramRef": {"name": "a"}}) == ["", "*/a"]
    assert cells(VALIDATING_BINDING, {"paramRef": {"name": "a", "namespace": "b"}}) == ["", "b/a"]
    assert cells(VALIDATING_BINDING, {"paramRef": {"selector": {"matchLabels": {"a": "b"}, "matchExpressions": [
        {"key": "c", "operator": "In", "values": ["d", "e"]}]}}}) == ["", (
        "&LabelSelector{MatchLabels:map[string]string{a: b,},MatchExpressions:[]LabelSelectorRequirement{"
        "LabelSelectorRequirement{Key:c,Operator:In,Values:[d e],},},}"
    )]  # fmt: skip
