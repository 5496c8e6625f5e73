"""The kinds in the real API server, in process."""

from __future__ import annotations

import json

import pytest

from sampan.errors import Forbidden, Invalid
from sampan_machinery.resources import (
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    DEVICE_CLASSES,
    RESOURCE_CLAIM_TEMPLATES,
    RESOURCE_CLAIMS,
    RESOURCE_SLICES,
)
from sampan_testing.cluster import start

SPEC = {"devices": {"requests": [{"name": "req-0", "exactly": {"deviceClassName": "dra.example.com"}}]}}
SLICE = {
    "driver": "dra.example.com",
    "pool": {"name": "cluster", "generation": 1, "resourceSliceCount": 1},
    "nodeName": "n",
}


@pytest.fixture
def client():
    with start(only=("namespaces", "devices"), control=False) as cluster:
        yield cluster.client


def named(name, spec):
    return {"metadata": {"name": name}, "spec": spec}


def test_a_class_counts_its_specs_and_keeps_good_expressions_only(client):
    client.create(DEVICE_CLASSES, named("a", {"selectors": [{"cel": {"expression": "false"}}]}))
    patch = {"spec": {"selectors": [{"cel": {"expression": "1 == 0"}}]}}

    assert client.patch(DEVICE_CLASSES, "a", patch, how="strategic")["metadata"]["generation"] == 2
    with pytest.raises(Invalid, match=r"spec.selectors\[0\].cel.expression: Invalid value: .odd.: compilation failed"):
        client.patch(DEVICE_CLASSES, "a", {"spec": {"selectors": [{"cel": {"expression": "odd"}}]}})


@pytest.mark.parametrize("how", ["merge", "strategic", "json"])
def test_an_empty_allocation_is_one(client, how):
    client.create(RESOURCE_CLAIMS, named("a", SPEC), "default")
    patch = {"status": {"allocation": {}}}
    if how == "json":
        patch = [{"op": "add", "path": "/status/allocation", "value": {}}]

    patched = client.patch(RESOURCE_CLAIMS, "a", patch, "default", how=how, subresource="status")

    assert patched["status"] == {"allocation": {"devices": {}}}
    assert client.get(RESOURCE_CLAIMS, "a", "default")["spec"]["devices"]["requests"][0]["exactly"]["count"] == 1


def test_a_template_keeps_its_spec_and_gets_labels(client):
    client.create(RESOURCE_CLAIM_TEMPLATES, named("a", {"spec": SPEC}), "default")

    patched = client.patch(RESOURCE_CLAIM_TEMPLATES, "a", {"metadata": {"labels": {"a": "b"}}}, "default")
    assert patched["metadata"]["labels"] == {"a": "b"}
    with pytest.raises(Invalid, match=r"spec: Invalid value: .*: field is immutable"):
        client.patch(RESOURCE_CLAIM_TEMPLATES, "a", {"spec": {"spec": {"devices": None}}}, "default")


def test_slices_are_selected_by_node_and_driver(client):
    client.create(RESOURCE_SLICES, named("a", SLICE))
    client.create(RESOURCE_SLICES, named("b", {**SLICE, "nodeName": "m"}))

    path, query = (
        "/apis/resource.k8s.io/v1/resourceslices",
        {"fieldSelector": "spec.nodeName=m,spec.driver=dra.example.com"},
    )
    found = json.loads(client.request("GET", path, query=query).body)
    assert [each["metadata"]["name"] for each in found["items"]] == ["b"]


def test_devices_come_by_a_strategic_patch(client):
    client.create(RESOURCE_SLICES, named("a", SLICE))

    patched = client.patch(RESOURCE_SLICES, "a", {"spec": {"devices": [{"name": "device-0"}]}}, how="strategic")
    assert (patched["spec"]["devices"], patched["metadata"]["generation"]) == ([{"name": "device-0"}], 2)


def test_a_writer_of_statuses_needs_more_to_write_allocations():
    rules = [{"apiGroups": ["resource.k8s.io"], "resources": ["resourceclaims/status"], "verbs": ["*"]}]
    joe = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "joe"}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "statuses"}
    with start(only=("namespaces", "devices", "rbac"), control=False) as cluster:
        cluster.client.create(RESOURCE_CLAIMS, named("a", SPEC), "default")
        cluster.client.create(CLUSTER_ROLES, {"metadata": {"name": "statuses"}, "rules": rules})
        cluster.client.create(CLUSTER_ROLE_BINDINGS, {"metadata": {"name": "joe"}, "roleRef": role, "subjects": [joe]})
        patch = {"status": {"allocation": {}}}
        writer = cluster.client_as("joe")
        with pytest.raises(Invalid, match=r"status.allocation: Forbidden: changing status.allocation or"):
            writer.patch(RESOURCE_CLAIMS, "a", patch, "default", subresource="status")
        with pytest.raises(Forbidden):
            writer.patch(RESOURCE_CLAIMS, "a", patch, "default")

        rules[0]["resources"].append("resourceclaims/binding")
        cluster.client.patch(CLUSTER_ROLES, "statuses", {"rules": rules})
        writer.patch(RESOURCE_CLAIMS, "a", patch, "default", subresource="status")
