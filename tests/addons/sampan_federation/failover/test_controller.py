"""Whole journeys: a member is lost, its workload moves, and the member comes back."""

from __future__ import annotations

from fleets import EVICTED, FAILED

from sampan.errors import NotFound
from sampan_federation.resources import CLUSTERS, PROPAGATION_POLICIES, RESOURCE_BINDINGS
from sampan_machinery.resources import CONFIG_MAPS, DEPLOYMENTS, NODES

LOST = FAILED + EVICTED


def propagated(fleet, obj, resource, **placement) -> None:
    selector = {"apiVersion": obj["apiVersion"], "kind": obj["kind"], "name": "web"}
    policy = {
        "apiVersion": "policy.karmada.io/v1alpha1", "kind": "PropagationPolicy",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {"resourceSelectors": [selector], "placement": placement},
    }  # fmt: skip
    fleet.client.create(resource, obj)
    fleet.client.create(PROPAGATION_POLICIES, policy)
    fleet.settle()


def deployment(replicas: int = 2):
    pod = {"containers": [{"name": "web", "image": "nginx"}]}
    return {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "default"},
        "spec": {
            "replicas": replicas, "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": pod},
        },
    }  # fmt: skip


CONFIG = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "web", "namespace": "default"},
    "data": {"a": "b"},
}
ONE = {"spreadConstraints": [{"spreadByField": "cluster", "minGroups": 1, "maxGroups": 1}]}


def binding(fleet, kind: str = "deployment"):
    return fleet.client.get(RESOURCE_BINDINGS, f"web-{kind}", "default")


def where(fleet, kind: str = "deployment"):
    spec = binding(fleet, kind)["spec"]
    tasks = [task["fromCluster"] for task in spec.get("gracefulEvictionTasks") or ()]
    return [target["name"] for target in spec.get("clusters") or ()], tasks


def on_member(fleet, name: str, resource=DEPLOYMENTS):
    try:
        return fleet.members[name].client.get(resource, "web", "default")
    except NotFound:
        return None


def test_a_workload_survives_the_loss_of_its_member(fleet):
    propagated(fleet, deployment(), DEPLOYMENTS, **ONE)
    fleet.advance(10)
    assert where(fleet) == (["east"], [])
    assert on_member(fleet, "east")["status"]["readyReplicas"] == 2

    fleet.cut("east")
    fleet.advance(LOST)
    assert where(fleet) == (["north"], [])
    assert on_member(fleet, "north")["status"]["readyReplicas"] == 2
    assert on_member(fleet, "east")["status"]["readyReplicas"] == 2  # it cannot be reached

    fleet.heal("east")
    fleet.advance(FAILED)
    assert where(fleet) == (["north"], [])
    assert on_member(fleet, "east") is None  # its copy goes when it is back


def test_what_fits_nowhere_else_stays_and_is_there_when_the_member_is_back(fleet):
    """karmada#7455."""
    propagated(fleet, deployment(), DEPLOYMENTS, clusterAffinity={"clusterNames": ["east"]})
    fleet.advance(10)
    uid = on_member(fleet, "east")["metadata"]["uid"]

    fleet.cut("east")
    fleet.advance(LOST)
    assert where(fleet) == (["east"], [])
    fleet.heal("east")
    fleet.advance(FAILED)

    assert where(fleet) == (["east"], [])
    assert on_member(fleet, "east")["metadata"]["uid"] == uid


def test_configuration_on_a_member_that_comes_back_is_never_deleted(fleet):
    """karmada#5150."""
    propagated(fleet, CONFIG, CONFIG_MAPS, clusterAffinity={"clusterNames": ["east", "west"]})
    fleet.advance(10)
    uid = on_member(fleet, "east", CONFIG_MAPS)["metadata"]["uid"]

    fleet.cut("east")
    fleet.advance(LOST)
    fleet.heal("east")
    fleet.advance(FAILED)

    assert where(fleet, "configmap") == (["east", "west"], [])
    assert on_member(fleet, "east", CONFIG_MAPS)["metadata"]["uid"] == uid


def test_a_member_that_is_back_before_its_replacement_is_healthy_keeps_its_workload(fleet):
    """karmada#3736: not evicted while the replacement is not healthy; #5782, #5803: no task stays behind."""
    propagated(fleet, deployment(), DEPLOYMENTS, **ONE)
    fleet.advance(10)
    uid = on_member(fleet, "east")["metadata"]["uid"]
    for name in ("north", "west"):  # pods of the replacement find no node
        fleet.members[name].client.patch(NODES, "node-1", {"spec": {"unschedulable": True}})
    fleet.cut("east")
    fleet.advance(LOST + 2000)
    assert where(fleet)[1] == ["east"]

    fleet.heal("east")
    fleet.advance(FAILED)
    assert where(fleet) == (["east"], [])
    assert on_member(fleet, "east")["metadata"]["uid"] == uid
    assert on_member(fleet, where(fleet)[0][0])["status"]["readyReplicas"] == 2


def test_a_taint_by_hand_drains_a_member(fleet):
    propagated(fleet, deployment(), DEPLOYMENTS, **ONE)
    fleet.advance(10)
    fleet.client.patch(CLUSTERS, "east", {"spec": {"taints": [{"key": "maintenance", "effect": "NoExecute"}]}})
    fleet.advance(30)

    assert where(fleet) == (["north"], [])
    fleet.advance(10)
    assert on_member(fleet, "east") is None
    assert on_member(fleet, "north")["status"]["readyReplicas"] == 2


def test_a_lost_member_can_be_given_up(fleet):
    """Its Works are not waited for: what it runs can be removed by no one but its owner."""
    propagated(fleet, deployment(), DEPLOYMENTS, **ONE)
    fleet.advance(10)
    fleet.cut("east")
    fleet.advance(FAILED)
    fleet.client.delete(CLUSTERS, "east")
    fleet.advance(60)

    assert fleet.registry.names() == ["north", "west"]
    assert where(fleet) == (["north"], [])
    assert on_member(fleet, "north")["status"]["readyReplicas"] == 2
