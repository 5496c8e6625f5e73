"""Policies in the real API server, in process: they take effect with the next request."""

from __future__ import annotations

import pytest

from sampan.errors import Forbidden, Invalid, StatusError
from sampan_machinery.resources import CONFIG_MAPS, DEPLOYMENTS, NAMESPACES, REPLICA_SETS
from sampan_machinery.resources import HORIZONTAL_POD_AUTOSCALERS as HPAS
from sampan_machinery.resources import MUTATING_ADMISSION_POLICIES as MUTATING
from sampan_machinery.resources import MUTATING_ADMISSION_POLICY_BINDINGS as MUTATING_BINDINGS
from sampan_machinery.resources import VALIDATING_ADMISSION_POLICIES as VALIDATING
from sampan_machinery.resources import VALIDATING_ADMISSION_POLICY_BINDINGS as VALIDATING_BINDINGS
from sampan_testing.cluster import start


@pytest.fixture
def client():
    with start(only=("autoscaling", "config", "namespaces", "policies", "workloads"), control=False) as cluster:
        yield cluster.client


def rule(plural, group="", version="v1", operations=("CREATE", "UPDATE")):
    return {"apiGroups": [group], "apiVersions": [version], "resources": [plural], "operations": list(operations)}


def policy(*rules, name="p", **spec):
    return {"metadata": {"name": name}, "spec": {"matchConstraints": {"resourceRules": list(rules)}, **spec}}


def binding(name="b", policy="p", **spec):
    return {"metadata": {"name": name}, "spec": {"policyName": policy, **spec}}


def validate(client, *rules, actions=("Deny",), binding_spec=None, **spec):
    client.create(VALIDATING, policy(*rules, **spec))
    client.create(VALIDATING_BINDINGS, binding(validationActions=list(actions), **(binding_spec or {})))


def mutate(client, *rules, expression, kind="applyConfiguration", name="p", binding_spec=None, **spec):
    mutation = {
        "patchType": kind[0].upper() + kind[1:] if kind[0] != "j" else "JSONPatch",
        kind: {"expression": expression},
    }
    client.create(MUTATING, policy(*rules, name=name, mutations=[mutation], **{"reinvocationPolicy": "Never", **spec}))
    client.create(MUTATING_BINDINGS, binding(name=name, policy=name, **(binding_spec or {})))


def deployment(name="web", replicas=1, **metadata):
    labels = {"app": name}
    return {
        "metadata": {"name": name, **metadata},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "x"}]}},
        },
    }


DEPLOYMENT_RULE = rule("deployments", "apps")


def test_a_request_that_breaks_a_validation_is_invalid(client):
    validate(client, DEPLOYMENT_RULE, validations=[{
        "expression": "object.spec.replicas > 1",
        "messageExpression": "'wants replicas > 1, got ' + object.spec.replicas",
    }])  # fmt: skip

    with pytest.raises(Invalid) as caught:
        client.create(DEPLOYMENTS, deployment(), "default")
    client.create(DEPLOYMENTS, deployment("more", 2), "default")
    client.create(REPLICA_SETS, deployment("set"), "default")

    said = "ValidatingAdmissionPolicy 'p' with binding 'b' denied request: failed expression: object.spec.replicas > 1"
    assert caught.value.message == f'deployments.apps "web" is forbidden: {said}'
    assert [cause.message for cause in caught.value.causes] == [said]


def test_a_policy_without_a_binding_and_one_that_is_gone_say_nothing(client):
    client.create(VALIDATING, policy(DEPLOYMENT_RULE, validations=[{"expression": "false"}]))
    client.create(DEPLOYMENTS, deployment(), "default")

    client.create(VALIDATING_BINDINGS, binding(validationActions=["Deny"]))
    with pytest.raises(Invalid):
        client.create(DEPLOYMENTS, deployment("b"), "default")
    client.delete(VALIDATING_BINDINGS, "b")
    client.create(DEPLOYMENTS, deployment("b"), "default")


def test_variables_are_composed(client):
    validate(
        client, DEPLOYMENT_RULE,
        variables=[
            {"name": "replicas", "expression": "object.spec.replicas"},
            {"name": "odd", "expression": "variables.replicas % 2 == 1"},
        ],
        validations=[{"expression": "variables.replicas > 1"}, {"expression": "variables.odd", "reason": "Forbidden"}],
    )  # fmt: skip

    with pytest.raises(Invalid):
        client.create(DEPLOYMENTS, deployment("one", 1), "default")
    with pytest.raises(Forbidden):
        client.create(DEPLOYMENTS, deployment("two", 2), "default")
    client.create(DEPLOYMENTS, deployment("three", 3), "default")


def test_the_namespace_is_seen_and_selected(client):
    for name in ("dev", "prod"):
        client.create(NAMESPACES, {"metadata": {"name": name, "labels": {"env": name}}})
    validate(
        client, rule("configmaps"), validations=[{"expression": "namespaceObject.metadata.labels.env == 'dev'"}],
        binding_spec={"matchResources": {"namespaceSelector": {"matchExpressions": [
            {"key": "env", "operator": "Exists"}]}}},
    )  # fmt: skip

    client.create(CONFIG_MAPS, {"metadata": {"name": "a"}}, "dev")
    client.create(CONFIG_MAPS, {"metadata": {"name": "a"}}, "default")
    with pytest.raises(Invalid):
        client.create(CONFIG_MAPS, {"metadata": {"name": "a"}}, "prod")


def test_parameters_are_read_from_the_namespace_of_the_request(client):
    client.create(NAMESPACES, {"metadata": {"name": "dev"}})
    client.create(CONFIG_MAPS, {"metadata": {"name": "limits"}, "data": {"most": "2"}}, "dev")
    validate(
        client, DEPLOYMENT_RULE, paramKind={"apiVersion": "v1", "kind": "ConfigMap"},
        validations=[{"expression": "object.spec.replicas <= int(params.data.most)"}],
        binding_spec={"paramRef": {"name": "limits", "parameterNotFoundAction": "Deny"}},
    )  # fmt: skip

    client.create(DEPLOYMENTS, deployment("a", 2), "dev")
    with pytest.raises(Invalid, match="failed expression"):
        client.create(DEPLOYMENTS, deployment("b", 3), "dev")
    with pytest.raises(Invalid, match="failed to configure binding: no params found for policy binding with `Deny`"):
        client.create(DEPLOYMENTS, deployment("c", 1), "default")


def test_a_warning_and_no_refusal(client):
    validate(
        client, rule("configmaps"), actions=("Warn", "Audit"), validations=[{"expression": "false", "message": "no"}]
    )

    answer = client.request("POST", "/api/v1/namespaces/default/configmaps", body={"metadata": {"name": "a"}})

    assert answer.status == 201
    assert "Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': no" in answer.headers["warning"]


def test_a_deletion_is_judged_by_the_old_object(client):
    validate(client, rule("configmaps", operations=("DELETE",)), validations=[
        {"expression": "object == null && oldObject.metadata.name != 'kept'", "message": "it is kept"},
    ])  # fmt: skip
    for name in ("kept", "other"):
        client.create(CONFIG_MAPS, {"metadata": {"name": name}}, "default")

    client.delete(CONFIG_MAPS, "other", "default")
    with pytest.raises(Invalid, match="it is kept"):
        client.delete(CONFIG_MAPS, "kept", "default")


def test_match_conditions_and_failures(client):
    validate(
        client, rule("configmaps"), failurePolicy="Ignore",
        matchConditions=[{"name": "a", "expression": "object.metadata.name != 'free'"}],
        validations=[{"expression": "object.data.a == 'b'"}],
    )  # fmt: skip

    client.create(CONFIG_MAPS, {"metadata": {"name": "free"}, "data": {"a": "c"}}, "default")
    client.create(CONFIG_MAPS, {"metadata": {"name": "nothing"}}, "default")  # no such key: ignored
    with pytest.raises(Invalid):
        client.create(CONFIG_MAPS, {"metadata": {"name": "wrong"}, "data": {"a": "c"}}, "default")


def test_a_failing_expression_refuses_where_failures_count(client):
    validate(client, rule("configmaps"), validations=[{"expression": "object.data.a == 'b'"}])

    with pytest.raises(Invalid, match=r"expression 'object.data.a == 'b'' resulted in error: no such key: data"):
        client.create(CONFIG_MAPS, {"metadata": {"name": "nothing"}}, "default")


def test_the_rights_of_the_caller_are_asked(client):
    validate(client, rule("configmaps"), validations=[
        {"expression": "authorizer.requestResource.check('delete').allowed()", "message": "you may not"},
    ])  # fmt: skip

    client.create(CONFIG_MAPS, {"metadata": {"name": "a"}}, "default")


def test_an_apply_configuration_is_merged(client):
    mutate(client, DEPLOYMENT_RULE, expression=(
        "Object{metadata: Object.metadata{annotations: {'seen': 'yes'}}, spec: Object.spec{replicas: 1337}}"
    ))  # fmt: skip

    made = client.create(DEPLOYMENTS, deployment(annotations={"own": "x"}), "default")

    assert made["spec"]["replicas"] == 1337
    assert made["metadata"]["annotations"] == {"own": "x", "seen": "yes"}
    assert made["spec"]["template"]["spec"]["containers"][0]["image"] == "x"


def test_a_json_patch_is_applied(client):
    mutate(client, rule("configmaps"), kind="jsonPatch", expression=(
        "[JSONPatch{op: 'test', path: '/metadata/name', value: 'a'},"
        " JSONPatch{op: 'add', path: '/metadata/labels', value: {}},"
        " JSONPatch{op: 'add', path: '/metadata/labels/' + jsonpatch.escapeKey('x/y'), value: 'z'}]"
    ))  # fmt: skip

    assert client.create(CONFIG_MAPS, {"metadata": {"name": "a"}}, "default")["metadata"]["labels"] == {"x/y": "z"}
    assert "labels" not in client.create(CONFIG_MAPS, {"metadata": {"name": "b"}}, "default")["metadata"]


def test_a_mutation_that_fails_is_refused_with_the_reason_invalid(client):
    mutate(client, DEPLOYMENT_RULE, expression="Object{spec: Object.spec{selector: Object.spec.selector{}}}")

    with pytest.raises(StatusError) as caught:
        client.create(DEPLOYMENTS, deployment(), "default")

    status = caught.value.to_status()
    assert status["reason"] == "Invalid"
    assert (
        "policy 'p' with binding 'p' denied request: error applying patch: invalid ApplyConfiguration"
        in status["message"]
    )


def test_types_of_objects_are_named_after_their_place(client):
    mutate(client, DEPLOYMENT_RULE, expression="Object{spec: Object.wrong{replicas: 1}}")

    with pytest.raises(StatusError, match=r'type mismatch: .*"Object\.wrong", expected "Object\.spec"'):
        client.create(DEPLOYMENTS, deployment(), "default")


def test_a_policy_is_reinvoked_where_a_later_one_has_changed_the_object(client):
    seen = "Object{data: {'seen': has(object.data) ? string(size(object.data)) : '0'}}"
    mutate(client, rule("configmaps"), name="a", expression=seen, reinvocationPolicy="IfNeeded")
    mutate(client, rule("configmaps"), name="b", expression="Object{data: {'more': 'yes'}}")

    made = client.create(CONFIG_MAPS, {"metadata": {"name": "x"}}, "default")

    assert made["data"] == {"seen": "2", "more": "yes"}


def test_server_set_fields_cannot_be_changed(client):
    mutate(
        client, rule("configmaps"), expression="Object{metadata: Object.metadata{uid: 'mine', finalizers: ['a.b/c']}}"
    )

    made = client.create(CONFIG_MAPS, {"metadata": {"name": "x"}}, "default")

    assert made["metadata"]["uid"] != "mine"
    assert made["metadata"]["finalizers"] == ["a.b/c"]


def test_a_scale_is_seen_and_changed_as_a_scale(client):
    scale = rule("deployments/scale", "apps", operations=("UPDATE",))
    validate(client, scale, validations=[{"expression": "object.kind == 'Scale' && oldObject.spec.replicas == 1"}])
    mutate(client, scale, expression="Object{spec: Object.spec{replicas: object.spec.replicas + 1}}")
    client.create(DEPLOYMENTS, deployment(), "default")

    path = "/apis/apps/v1/namespaces/default/deployments/web/scale"
    patch = {"headers": {"Content-Type": "application/merge-patch+json"}, "body": {"spec": {"replicas": 4}}}
    client.request("PATCH", path, **patch)

    assert client.get(DEPLOYMENTS, "web", "default")["spec"]["replicas"] == 5
    with pytest.raises(Invalid, match="failed expression"):
        client.request("PATCH", path, **patch)


def test_objects_are_seen_and_changed_in_the_version_that_the_rules_name(client):
    v1 = rule("horizontalpodautoscalers", "autoscaling")
    validate(client, v1, validations=[{"expression": "object.spec.targetCPUUtilizationPercentage <= 80"}])
    mutate(client, v1, expression="Object{spec: Object.spec{maxReplicas: object.spec.maxReplicas + 1}}")

    def hpa(name, percent):
        metric = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": percent}}
        target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
        spec = {"scaleTargetRef": target, "maxReplicas": 3, "metrics": [{"type": "Resource", "resource": metric}]}
        return {"metadata": {"name": name}, "spec": spec}

    made = client.create(HPAS, hpa("a", 70), "default")

    assert made["apiVersion"] == "autoscaling/v2"
    assert made["spec"]["maxReplicas"] == 4
    assert made["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"] == 70
    with pytest.raises(Invalid, match="failed expression"):
        client.create(HPAS, hpa("b", 90), "default")


def test_policies_are_not_asked_about_policies(client):
    everything = {"apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*"], "operations": ["*"]}
    validate(client, everything, validations=[{"expression": "false"}])

    client.delete(VALIDATING_BINDINGS, "b")
    client.delete(VALIDATING, "p")
