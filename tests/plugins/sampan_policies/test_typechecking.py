"""Expressions against the types of the kinds that a policy matches."""

from sampan_cel import types
from sampan_cel.types import ObjectType
from sampan_policies.typechecking import Address, kinds, warnings

KINDS = {("apps", "v1", "deployments"): "Deployment", ("", "v1", "pods"): "Pod", ("", "v1", "configmaps"): "ConfigMap"}
TYPES = {
    "Deployment": ObjectType("Deployment", {"replicas": types.INT}),
    "Pod": ObjectType("Pod", {"name": types.STRING}),
    "ConfigMap": ObjectType("ConfigMap", {"data": types.map_of(types.STRING, types.STRING)}),
}


def kind_of(group, version, plural):
    kind = KINDS.get((group, version, plural))
    return None if kind is None else Address(group, version, kind)


def type_of(kind):
    return TYPES.get(kind.kind)


def rule(groups, plurals, versions=("v1",)):
    return {"apiGroups": list(groups), "apiVersions": list(versions), "resources": list(plurals)}


def checked(*rules, **spec):
    found = {"matchConstraints": {"resourceRules": list(rules)}, **spec}
    return [(each["fieldRef"], each["warning"]) for each in warnings(found, kind_of, type_of)]


def named(*rules):
    return [str(each) for each in kinds({"matchConstraints": {"resourceRules": list(rules)}}, kind_of)]


def test_kinds_are_those_that_rules_name_without_wildcards():
    assert named(rule([""], ["pods", "pods/status", "*"]), rule(["apps"], ["deployments"])) == [
        "/v1, Kind=Pod", "apps/v1, Kind=Deployment",
    ]  # fmt: skip
    assert named(rule(["*"], ["pods"]), rule([""], ["pods"], ["*"])) == []


def test_every_kind_is_warned_of():
    (found,) = checked(
        rule([""], ["pods"]), rule(["apps"], ["deployments"]), validations=[{"expression": "object.nothing == 1"}]
    )

    assert found == ("spec.validations[0].expression", (
        "/v1, Kind=Pod: ERROR: <input>:1:7: undefined field 'nothing'\n | object.nothing == 1\n | ......^\n\n"
        "apps/v1, Kind=Deployment: ERROR: <input>:1:7: undefined field 'nothing'\n | object.nothing == 1\n | ......^\n"
    ))  # fmt: skip


def test_parameters_and_variables_have_types_too():
    spec = {
        "paramKind": {"apiVersion": "v1", "kind": "ConfigMap"},
        "variables": [{"name": "n", "expression": "object.replicas"}, {"name": "broken", "expression": "object.odd"}],
    }
    deployments = rule(["apps"], ["deployments"])

    assert checked(deployments, validations=[{"expression": "variables.n > int(params.data.most)"}], **spec) == []
    assert checked(deployments, validations=[{"expression": "variables.n > params.data.most"}], **spec)
    assert checked(deployments, validations=[{"expression": "variables.broken.x"}], **spec) == []


def test_a_kind_of_which_nothing_is_known_is_passed_over():
    assert checked(rule(["example.com"], ["things"]), validations=[{"expression": "object.x.y.z"}]) == []
