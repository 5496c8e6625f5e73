"""Patches and apply with the types of the built-in kinds, instead of the small ones the other tests use."""

import pytest

from sampan.errors import BadRequest, Conflict
from sampan_machinery import schema
from sampan_machinery.apply.apply import apply
from sampan_machinery.apply.managers import track
from sampan_machinery.patches import strategic

T0, T1 = "2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z"


@pytest.fixture(scope="module")
def node():
    schemas = schema.load()
    return schemas.node


def service(*ports, **spec):
    return {"kind": "Service", "apiVersion": "v1", "metadata": {"name": "s"}, "spec": {"ports": list(ports), **spec}}


def pod(*containers, **spec):
    return {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {"name": "p"},
        "spec": {"containers": list(containers), **spec},
    }


def test_service_ports_are_keyed_by_port_and_protocol(node):
    kind = node("", "v1", "Service")
    live = apply(
        None, service({"port": 53, "protocol": "UDP"}), kind, manager="a", force=False, api_version="v1", now=T0
    )

    both = apply(live, service({"port": 53}), kind, manager="b", force=False, api_version="v1", now=T1)

    assert both["spec"]["ports"] == [{"port": 53, "protocol": "UDP"}, {"port": 53}]


def test_selectors_are_one_field_and_unknown_fields_are_named(node):
    kind = node("apps", "v1", "Deployment")
    wanted = {
        "kind": "Deployment",
        "apiVersion": "apps/v1",
        "metadata": {"name": "d"},
        "spec": {"selector": {"matchLabels": {"a": "b"}}},
    }
    made = apply(None, wanted, kind, manager="a", force=False, api_version="apps/v1", now=T0)
    wanted["spec"]["template"] = {"metadata": {"unknownMeta": 1}}

    assert made["metadata"]["managedFields"][0]["fieldsV1"] == {"f:spec": {"f:selector": {}}}
    with pytest.raises(BadRequest, match=r"\.spec\.template\.metadata\.unknownMeta: field not declared in schema"):
        apply(None, wanted, kind, manager="a", force=False, api_version="apps/v1", now=T0)


def test_pod_lists_merge_by_their_keys(node):
    live = pod(
        {"name": "a", "env": [{"name": "X", "value": "1"}], "volumeMounts": [{"name": "v", "mountPath": "/d"}]},
        volumes=[{"name": "v", "emptyDir": {}}],
        tolerations=[{"key": "k"}],
    )
    patch = pod(
        {"name": "a", "env": [{"name": "Y", "value": "2"}], "volumeMounts": [{"name": "w", "mountPath": "/d"}]},
        volumes=[{"name": "v", "$retainKeys": ["name", "configMap"], "configMap": {"name": "c"}}],
        tolerations=[],
    )

    merged = strategic.apply(live, patch, node("", "v1", "Pod"))["spec"]

    assert {each["name"] for each in merged["containers"][0]["env"]} == {"X", "Y"}
    assert merged["containers"][0]["volumeMounts"] == [{"name": "w", "mountPath": "/d"}]
    assert merged["volumes"] == [{"name": "v", "configMap": {"name": "c"}}]
    assert merged["tolerations"] == []


def test_metadata_lists_merge(node):
    kind = node("", "v1", "Pod")
    live = {**pod(), "metadata": {"finalizers": ["a"], "ownerReferences": [{"uid": "1"}]}}
    patch = {"metadata": {"finalizers": ["b"], "ownerReferences": [{"uid": "2"}]}}

    merged = strategic.apply(live, patch, kind)["metadata"]

    assert set(merged["finalizers"]) == {"a", "b"}
    assert {owner["uid"] for owner in merged["ownerReferences"]} == {"1", "2"}


def test_a_patched_condition_is_managed_by_its_patcher(node):
    kind = node("", "v1", "Pod")
    before = pod({"name": "a"})
    track(None, before, kind, manager="me", api_version="v1", now=T0)
    after = strategic.apply(before, {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}, kind)
    track(before, after, kind, manager="kubelet", api_version="v1", now=T1, subresource="status")

    ready = 'k:{"type":"Ready"}'
    owned = {entry["manager"]: entry["fieldsV1"] for entry in after["metadata"]["managedFields"]}
    assert owned["kubelet"]["f:status"]["f:conditions"][ready] == {".": {}, "f:type": {}, "f:status": {}}
    assert "f:status" not in owned["me"]


def test_a_null_in_an_applied_map_is_an_empty_value_that_the_applier_owns(node):
    wanted = {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "c"}, "data": {"a": None, "b": "1"},
              "immutable": None}  # fmt: skip

    made = apply(None, wanted, node("", "v1", "ConfigMap"), manager="a", force=False, api_version="v1", now=T0)

    assert made["metadata"]["managedFields"][0]["fieldsV1"] == {"f:data": {"f:a": {}, "f:b": {}}, "f:immutable": {}}
    kept = schema.load().prune("", "v1", "ConfigMap", made)
    assert kept["data"] == {"a": "", "b": "1"} and "immutable" not in kept


def test_an_applied_null_takes_a_value_away_and_says_nothing_of_lists_and_maps_of_parts(node):
    shape, version = node("apps", "v1", "Deployment"), "apps/v1"
    head = {"kind": "Deployment", "apiVersion": version, "metadata": {"name": "d"}}
    template = {"spec": {"containers": [{"name": "a", "image": "i"}], "hostNetwork": True}}
    live = apply(None, {**head, "spec": {"replicas": 3, "template": template}}, shape, manager="a", force=False,
                 api_version=version, now=T0)  # fmt: skip
    wanted = {**head, "spec": {"replicas": None, "template": {"spec": {"containers": None, "hostNetwork": True}}}}

    with pytest.raises(Conflict) as refused:
        apply(live, wanted, shape, manager="b", force=False, api_version=version, now=T0)
    made = apply(live, wanted, shape, manager="b", force=True, api_version=version, now=T0)

    assert [cause.field for cause in refused.value.causes] == [".spec.replicas"]
    assert "replicas" not in schema.load().prune("apps", "v1", "Deployment", made)["spec"]
    assert made["spec"]["template"]["spec"]["containers"] == [{"name": "a", "image": "i"}]


@pytest.mark.parametrize(
    "spec, why",
    [
        ({"selector": {"a": 1}}, r"\.spec\.selector\.a: expected string, got &\{1\}"),
        ({"publishNotReadyAddresses": "true"}, r"\.spec\.publishNotReadyAddresses: expected boolean"),
        ({"healthCheckNodePort": "1"}, r"\.spec\.healthCheckNodePort: expected numeric \(int or float\)"),
    ],
)
def test_a_scalar_of_another_type_cannot_be_applied_even_where_it_is_not_taken(node, spec, why):
    with pytest.raises(BadRequest, match=why):
        apply(None, service(**spec), node("", "v1", "Service"), manager="a", force=False, api_version="v1", now=T0,
              ignore=("spec",), subresource="status")  # fmt: skip


def test_text_where_a_map_belongs_cannot_be_applied_even_in_a_status_that_is_not_taken(node):
    wanted = {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": "n"}, "status": "text"}

    with pytest.raises(BadRequest, match=r"\.status: expected map, got &\{text\}"):
        apply(None, wanted, node("", "v1", "Namespace"), manager="a", force=False, api_version="v1", now=T0,
              ignore=("status",))  # fmt: skip
