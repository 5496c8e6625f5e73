from __future__ import annotations

from sampan.errors import NotFound
from sampan_federation.resources import PROPAGATION_POLICIES, RESOURCE_BINDINGS
from sampan_machinery.resources import CONFIG_MAPS, DEPLOYMENTS

CONFIG = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "settings", "namespace": "default"},
    "data": {"a": "b"},
}


def deployment(*, config: str):
    pod = {
        "containers": [{"name": "web", "image": "nginx"}],
        "volumes": [{"name": "v", "configMap": {"name": config}}],
    }
    return {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "default"},
        "spec": {
            "replicas": 1, "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": pod},
        },
    }  # fmt: skip


def policy(**placement):
    return {
        "apiVersion": "policy.karmada.io/v1alpha1", "kind": "PropagationPolicy",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {
            "resourceSelectors": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}],
            "propagateDeps": True, "placement": placement,
        },
    }  # fmt: skip


def members_with(fleet, resource, name: str) -> list[str]:
    found = []
    for member, cluster in fleet.members.items():
        try:
            cluster.client.get(resource, name, "default")
            found.append(member)
        except NotFound:
            continue
    return sorted(found)


def test_what_an_object_depends_on_goes_where_it_goes(fleet):
    fleet.client.create(CONFIG_MAPS, CONFIG)
    fleet.client.create(DEPLOYMENTS, deployment(config="settings"))
    fleet.client.create(PROPAGATION_POLICIES, policy(clusterAffinity={"clusterNames": ["east"]}))
    fleet.advance(5)
    assert members_with(fleet, CONFIG_MAPS, "settings") == ["east"]

    fleet.client.patch(
        PROPAGATION_POLICIES, "web", {"spec": {"placement": {"clusterAffinity": {"clusterNames": ["west"]}}}}, "default"
    )
    fleet.advance(10)
    assert members_with(fleet, CONFIG_MAPS, "settings") == ["west"]

    volumes = [{"op": "replace", "path": "/spec/template/spec/volumes", "value": []}]
    fleet.client.patch(DEPLOYMENTS, "web", volumes, "default", how="json")
    fleet.advance(10)
    assert members_with(fleet, CONFIG_MAPS, "settings") == []
    assert [each["metadata"]["name"] for each in fleet.client.list(RESOURCE_BINDINGS).items] == ["web-deployment"]


def test_a_dependency_that_comes_later_is_found(fleet):
    fleet.client.create(DEPLOYMENTS, deployment(config="settings"))
    fleet.client.create(PROPAGATION_POLICIES, policy())
    fleet.advance(5)
    fleet.client.create(CONFIG_MAPS, CONFIG)
    fleet.advance(15)

    assert members_with(fleet, CONFIG_MAPS, "settings") == ["east", "north", "west"]
