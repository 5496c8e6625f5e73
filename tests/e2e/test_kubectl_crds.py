"""kubectl, unmodified, on definitions and the custom resources that they describe."""

from __future__ import annotations

import json

import pytest
from clusters import Cluster

pytestmark = pytest.mark.kubectl

CONDITIONS = {
    "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"],
    "items": {
        "type": "object", "required": ["type"],
        "properties": {"type": {"type": "string"}, "status": {"type": "string"}},
    },
}  # fmt: skip
SPEC = {
    "type": "object", "description": "What is wanted of a boat.",
    "properties": {
        "crew": {"type": "integer", "format": "int32", "default": 2, "maximum": 40},
        "name": {"type": "string", "description": "What is written on it."},
        "port": {"x-kubernetes-int-or-string": True},
        "extra": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
    },
    "x-kubernetes-validations": [
        {"rule": "!has(oldSelf.name) || self.name == oldSelf.name", "message": "the name stays", "fieldPath": ".name"},
    ],
}  # fmt: skip
VERSION = {
    "name": "v1", "served": True, "storage": True,
    "schema": {"openAPIV3Schema": {
        "type": "object", "description": "A boat.",
        "properties": {
            "spec": SPEC,
            "status": {"type": "object", "properties": {"crew": {"type": "integer"}, "conditions": CONDITIONS}},
        },
    }},
    "subresources": {"status": {}, "scale": {"specReplicasPath": ".spec.crew", "statusReplicasPath": ".status.crew"}},
    "selectableFields": [{"jsonPath": ".spec.name"}],
    "additionalPrinterColumns": [
        {"name": "Crew", "type": "integer", "jsonPath": ".spec.crew"},
        {"name": "Ready", "type": "string", "jsonPath": '.status.conditions[?(@.type=="Ready")].status'},
    ],
}  # fmt: skip
DEFINITION = {
    "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
    "metadata": {"name": "boats.harbour.example"},
    "spec": {
        "group": "harbour.example", "scope": "Namespaced", "versions": [VERSION],
        "names": {"plural": "boats", "kind": "Boat", "shortNames": ["bo"], "categories": ["harbour"]},
    },
}  # fmt: skip


@pytest.fixture
def cluster(exec_cluster: Cluster) -> Cluster:
    exec_cluster.kubectl("apply", "-f", "-", input=json.dumps(DEFINITION))
    exec_cluster.kubectl("wait", "--for=condition=Established", "crd/boats.harbour.example", "--timeout=120s")
    yield exec_cluster
    exec_cluster.kubectl("delete", "crd", "boats.harbour.example", "--timeout=120s")


def boat(**spec) -> str:
    head = {"apiVersion": "harbour.example/v1", "kind": "Boat", "metadata": {"name": "ark"}}
    return json.dumps({**head, "spec": spec})


def test_a_custom_resource_is_used_as_any_other(cluster):
    cluster.kubectl("apply", "-f", "-", input=boat(name="Ark", port="http", extra={"x": {"y": 1}}))
    patch = {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}
    cluster.kubectl("patch", "bo", "ark", "--subresource=status", "--type=merge", "-p", json.dumps(patch))
    cluster.kubectl("scale", "boat/ark", "--replicas=7")

    assert cluster.kubectl("get", "harbour").split() == ["NAME", "CREW", "READY", "ark", "7", "True"]
    assert cluster.kubectl("get", "bo", "-o", "name", "--field-selector=spec.name=Ark").strip()
    assert not cluster.kubectl("get", "bo", "-o", "name", "--field-selector=spec.name=Other").strip()
    assert "What is written on it." in cluster.kubectl("explain", "boat.spec")


def test_a_client_side_apply_becomes_a_server_side_one_and_loses_nothing(cluster):
    manifest = boat(name="Ark", extra={"x": {"y": 1}})
    cluster.kubectl("apply", "-f", "-", input=manifest)
    cluster.kubectl("apply", "--server-side", "-f", "-", input=manifest)

    spec = json.loads(cluster.kubectl("get", "boat", "ark", "-o", "json"))["spec"]
    assert spec == {"name": "Ark", "crew": 2, "extra": {"x": {"y": 1}}}
    assert cluster.kubectl("diff", "--server-side", "-f", "-", input=manifest) == ""


def test_what_is_wrong_is_said(cluster):
    cluster.kubectl("apply", "-f", "-", input=boat(name="Ark"))

    assert "less than or equal to 40" in cluster.kubectl("apply", "-f", "-", input=boat(crew=50), check=False)
    assert "spec.name: Invalid value: the name stays" in cluster.kubectl(
        "patch", "boat", "ark", "--type=merge", "-p", '{"spec":{"name":"Other"}}', check=False
    )
    assert 'unknown field "spec.odd"' in cluster.kubectl("apply", "-f", "-", input=boat(odd=1), check=False)
    assert "application/merge-patch+json" in cluster.kubectl(
        "patch", "boat", "ark", "--type=strategic", "-p", "{}", check=False
    )
