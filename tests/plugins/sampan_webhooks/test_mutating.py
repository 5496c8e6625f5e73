"""Mutating webhooks: patches in the order of names, defaults after them, a second round, versions."""

import pytest

from sampan.errors import InternalError, Invalid
from sampan_machinery.resources import CONFIG_MAPS, DEPLOYMENTS, HORIZONTAL_POD_AUTOSCALERS, PODS

SCALERS_V1 = HORIZONTAL_POD_AUTOSCALERS._replace(version="v1")
SCALERS = {"apiGroups": ["autoscaling"], "operations": ["CREATE"], "resources": ["horizontalpodautoscalers"]}
NEW_PODS = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}


def create(hooks, name, **data):
    return hooks.client.create(CONFIG_MAPS, {"metadata": {"name": name}, "data": {"a": "b", **data}}, "default")


def adds(hooks, key, value="yes"):
    return hooks.patch({"op": "add", "path": f"/data/{key}", "value": value})


def scaler(name, version):
    target = {"kind": "Deployment", "name": "web", "apiVersion": "apps/v1"}
    return {
        "apiVersion": f"autoscaling/{version}", "metadata": {"name": name},
        "spec": {"maxReplicas": 3, "scaleTargetRef": target},
    }  # fmt: skip


def test_each_sees_what_the_former_ones_made_in_the_order_of_names(hooks):
    seen = []

    def answer(key):
        return lambda request: seen.append(sorted(request["object"]["data"])) or adds(hooks, key)

    hooks.add("m-two", answer("two"), mutating=True)
    hooks.add("m-one", answer("one"), mutating=True)

    made = create(hooks, "in-order")

    assert made["data"] == {"a": "b", "one": "yes", "two": "yes"}
    assert seen == [["a"], ["a", "one"]]
    assert hooks.client.get(CONFIG_MAPS, "in-order", "default")["data"] == made["data"]


def test_validating_webhooks_and_validation_see_the_result(hooks):
    hooks.add("adds", adds(hooks, "one"), mutating=True)
    hooks.add("looks")
    create(hooks, "result")
    assert hooks.last["object"]["data"] == {"a": "b", "one": "yes"}

    hooks.answers["/adds"] = adds(hooks, "no~1good")
    with pytest.raises(Invalid, match="a valid config key"):
        create(hooks, "bad-result")


def test_an_unknown_field_of_a_patch_is_dropped_and_a_wrong_type_is_refused(hooks):
    hooks.add("odd", hooks.patch({"op": "add", "path": "/odd", "value": 1}), mutating=True)
    assert "odd" not in create(hooks, "odd-field")

    hooks.answers["/odd"] = hooks.patch({"op": "add", "path": "/data", "value": 1})
    with pytest.raises(InternalError, match="Internal error occurred: "):
        create(hooks, "wrong-type")
    hooks.answers["/odd"] = hooks.patch({"op": "remove", "path": "/nothing"})
    with pytest.raises(InternalError, match="Internal error occurred: "):
        create(hooks, "no-such-path")
    hooks.answers["/odd"] = hooks.patch({"op": "replace", "path": "/kind", "value": "Secret"})
    with pytest.raises(InternalError, match="of another kind"):
        create(hooks, "another-kind")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"allowed": True, "patch": "W10="}, "webhook returned response.patch but not response.patchType"),
        ({"allowed": True, "patchType": "JSONPatch"}, "webhook returned response.patchType but not response.patch"),
        ({"allowed": True, "patch": "e30=", "patchType": "JSONPatch"}, "received undecodable patch"),
        ({"allowed": True, "patch": "W3t9XQ==", "patchType": "Merge"}, 'unsupported patch type \\"Merge\\"'),
    ],
)
def test_a_response_of_no_use_is_a_failed_call(hooks, answer, why):
    hooks.add("odd", answer, mutating=True)

    with pytest.raises(InternalError) as failed:
        create(hooks, "of-no-use")

    assert why.replace("\\", "") in failed.value.message


def test_a_deletion_cannot_be_changed(hooks):
    create(hooks, "to-delete")
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["DELETE"], "resources": ["configmaps"]}
    hooks.add("deletes", adds(hooks, "one"), mutating=True, rules=[rule])

    with pytest.raises(InternalError, match="attempted to modify the object, which is not supported"):
        hooks.client.delete(CONFIG_MAPS, "to-delete", "default")
    hooks.answers["/deletes"] = {"allowed": True}
    hooks.client.delete(CONFIG_MAPS, "to-delete", "default")

    assert hooks.last["oldObject"]["data"] == {"a": "b"}


def counting(hooks, key):
    """A webhook that counts how often it is called in the object itself."""

    def answer(request):
        number = int(request["object"]["data"].get(key, "0"))
        return adds(hooks, key, str(number + 1))

    return answer


def test_one_is_called_again_where_a_later_one_changed_the_object(hooks):
    hooks.add("r-a", counting(hooks, "a1"), mutating=True, reinvocationPolicy="IfNeeded")
    hooks.add("r-b", counting(hooks, "b1"), mutating=True)
    hooks.add("r-c", {"allowed": True}, mutating=True, reinvocationPolicy="IfNeeded")

    made = create(hooks, "again")

    assert made["data"] == {"a": "b", "a1": "2", "b1": "1"}
    assert hooks.asked == ["r-a", "r-b", "r-c", "r-a", "r-c"]  # r-c, as r-a has changed it after r-c


def test_none_is_called_again_where_none_changed_the_object_after_it(hooks):
    hooks.add("r-a", {"allowed": True}, mutating=True, reinvocationPolicy="IfNeeded")
    hooks.add("r-b", {"allowed": True}, mutating=True, reinvocationPolicy="IfNeeded")
    create(hooks, "once")
    assert hooks.asked == ["r-a", "r-b"]


def test_sampans_own_rules_complete_what_a_webhook_added(hooks):
    side = {"name": "side", "image": "busybox"}
    hooks.add(
        "sidecar", hooks.patch({"op": "add", "path": "/spec/containers/-", "value": side}), mutating=True,
        rules=[NEW_PODS],
    )  # fmt: skip

    pod = hooks.client.create(
        PODS, {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "main", "image": "busybox"}]}}, "default"
    )

    main, added = pod["spec"]["containers"]
    assert (added["name"], added["imagePullPolicy"]) == ("side", "Always")
    assert [each["mountPath"] for each in added["volumeMounts"]] == [each["mountPath"] for each in main["volumeMounts"]]
    assert len(pod["spec"]["volumes"]) == 1
    assert pod["status"]["qosClass"] == "BestEffort"


def test_a_webhook_gets_the_version_that_its_rule_names(hooks):
    patched = hooks.patch({"op": "replace", "path": "/spec/maxReplicas", "value": 7})
    hooks.add("v1-only", patched, mutating=True, rules=[{**SCALERS, "apiVersions": ["v1"]}])

    made = hooks.client.create(HORIZONTAL_POD_AUTOSCALERS, scaler("by-v2", "v2"), "default")

    assert made["spec"]["maxReplicas"] == 7
    assert made["apiVersion"] == "autoscaling/v2"
    assert hooks.last["object"]["apiVersion"] == "autoscaling/v1"
    assert (hooks.last["kind"]["version"], hooks.last["requestKind"]["version"]) == ("v1", "v2")
    assert (hooks.last["resource"]["version"], hooks.last["requestResource"]["version"]) == ("v1", "v2")


def test_an_exact_rule_leaves_the_other_version_out(hooks):
    rule = {**SCALERS, "apiVersions": ["v1"]}
    hooks.add("v1-exact", mutating=True, rules=[rule], matchPolicy="Exact")

    hooks.client.create(HORIZONTAL_POD_AUTOSCALERS, scaler("exact-v2", "v2"), "default")
    assert hooks.asked == []
    hooks.client.create(SCALERS_V1, scaler("exact-v1", "v1"), "default")

    assert hooks.asked == ["v1-exact"]


def test_a_webhook_that_is_down_is_passed_over_where_failures_are_ignored(hooks):
    nowhere = {"url": "https://127.0.0.1:1/x"}
    hooks.add("d-down", mutating=True, clientConfig=nowhere, failurePolicy="Ignore")
    hooks.add("e-adds", adds(hooks, "one"), mutating=True)

    assert create(hooks, "passed-over")["data"] == {"a": "b", "one": "yes"}


def test_a_refusal_ends_the_write(hooks):
    hooks.add(
        "refuses", {"allowed": False, "status": {"code": 422, "reason": "Invalid", "message": "no"}}, mutating=True
    )

    with pytest.raises(Invalid, match="denied the request: no"):
        create(hooks, "refused")


def test_a_patch_request_passes_and_changes_what_is_written(hooks):
    create(hooks, "to-patch")
    hooks.add("adds", adds(hooks, "one"), mutating=True)

    patched = hooks.client.patch(CONFIG_MAPS, "to-patch", {"data": {"x": "y"}}, "default")

    assert patched["data"] == {"a": "b", "x": "y", "one": "yes"}
    assert hooks.last["oldObject"]["data"] == {"a": "b"}
    assert hooks.last["options"]["kind"] == "UpdateOptions"


def test_a_scale_is_changed_as_a_scale(hooks):
    labels = {"app": "scaled"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main", "image": "busybox"}]}}
    spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
    hooks.client.create(DEPLOYMENTS, {"metadata": {"name": "scaled"}, "spec": spec}, "default")
    rule = {"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["*"], "resources": ["deployments/scale"]}
    doubles = hooks.patch({"op": "replace", "path": "/spec/replicas", "value": 6})
    hooks.add("doubles", doubles, mutating=True, rules=[rule])

    path = "/apis/apps/v1/namespaces/default/deployments/scaled/scale"
    headers = {"Content-Type": "application/merge-patch+json"}
    hooks.client.request("PATCH", path, body=b'{"spec":{"replicas":3}}', headers=headers)

    assert hooks.client.get(DEPLOYMENTS, "scaled", "default")["spec"]["replicas"] == 6
    assert (hooks.last["kind"]["kind"], hooks.last["subResource"]) == ("Scale", "scale")
    assert (hooks.last["object"]["spec"], hooks.last["oldObject"]["spec"]) == ({"replicas": 3}, {"replicas": 1})
