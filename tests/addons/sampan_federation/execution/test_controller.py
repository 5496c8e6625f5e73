from __future__ import annotations

import pytest
from fleets import fleet_of
from sampan.errors import NotFound
from sampan_federation.parts import WORKING
from sampan_federation.resources import CLUSTERS, RESOURCE_BINDINGS, WORKS
from sampan_machinery.metadata import condition_is
from sampan_machinery.resources import CONFIG_MAPS, DEPLOYMENTS, NAMESPACES

ES = "karmada-es-east"


@pytest.fixture(scope="module")
def fleet():
    with fleet_of({"east": ("r1", "z1"), "west": ("r2", "z1")}, makers=WORKING) as found:
        for name in ("east", "west"):
            ready(found, name)
        yield found


def ready(fleet, name, status="True"):
    condition = {
        "type": "Ready",
        "status": status,
        "reason": "x",
        "message": "x",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }
    fleet.client.patch(CLUSTERS, name, {"status": {"conditions": [condition]}}, subresource="status")
    fleet.settle()


def config(name, **data):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}, "data": data}


def bind(fleet, template, clusters, **spec):
    """A binding as policies and placement would write it."""
    reference = {
        "apiVersion": template["apiVersion"],
        "kind": template["kind"],
        "namespace": "default",
        "name": template["metadata"]["name"],
        "uid": template["metadata"].get("uid", ""),
    }
    targets = [{"name": name, "replicas": replicas} for name, replicas in clusters.items()]
    binding = {
        "apiVersion": "work.karmada.io/v1alpha2",
        "kind": "ResourceBinding",
        "metadata": {"name": f"{template['metadata']['name']}-{template['kind'].lower()}", "namespace": "default"},
        "spec": {"resource": reference, "clusters": targets, **spec},
    }
    made = fleet.client.create(RESOURCE_BINDINGS, binding, "default")
    fleet.settle()
    return made


def propagate(fleet, obj, resource, clusters, **spec):
    made = fleet.client.create(resource, obj, "default")
    return bind(fleet, {**obj, **made}, clusters, **spec)


def on(fleet, member, resource, name):
    return fleet.members[member].client.get(resource, name, "default")


def work_of(fleet, name, namespace=ES):
    return next(w for w in fleet.client.list(WORKS, namespace).items if w["metadata"]["name"].startswith(name))


def test_a_config_map_reaches_the_clusters_of_its_binding(fleet):
    propagate(fleet, config("a", color="red"), CONFIG_MAPS, {"east": 0, "west": 0})

    for member in ("east", "west"):
        assert on(fleet, member, CONFIG_MAPS, "a")["data"] == {"color": "red"}
    assert condition_is(work_of(fleet, "a-")["status"], "Applied")
    binding = fleet.client.get(RESOURCE_BINDINGS, "a-configmap", "default")
    assert condition_is(binding["status"], "FullyApplied")
