from __future__ import annotations

from sampan.contracts.reconciling import Key, Update
from sampan_disruption.controller import Controller, budgets_of, no_keys
from sampan_machinery.metadata import controller_ref, get_condition
from sampan_machinery.resources import POD_DISRUPTION_BUDGETS, PODS, REPLICA_SETS
from sampan_testing.simulation import World

KEY = Key("default", "web")


def world_with(**spec):
    world = World()
    spec.setdefault("selector", {"matchLabels": {"app": "web"}})
    world.create(POD_DISRUPTION_BUDGETS, {"metadata": {"name": "web", "namespace": "default"}, "spec": spec})
    return world


def pod(world, name, owner=None, **labels):
    metadata = {"name": name, "namespace": "default", "labels": labels or {"app": "web"}}
    if owner is not None:
        metadata["ownerReferences"] = [controller_ref(owner)]
    return world.create(PODS, {"metadata": metadata, "spec": {}})


def status(world):
    actions = Controller().reconcile(KEY, None, world)
    return next(action for action in actions if isinstance(action, Update)).object["status"]


def test_a_percentage_is_of_what_the_owners_want():
    world = world_with(minAvailable="50%")
    owner = world.create(REPLICA_SETS, {"metadata": {"name": "web", "namespace": "default"}, "spec": {"replicas": 4}})
    pod(world, "a", owner)

    assert (status(world)["expectedPods"], status(world)["desiredHealthy"]) == (4, 2)


def test_an_owner_that_is_gone_fails_the_budget():
    world = world_with(maxUnavailable=1)
    pod(world, "a", {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "gone", "uid": "u"}})

    assert get_condition(status(world), "DisruptionAllowed")["reason"] == "SyncFailed"


def test_a_number_needs_no_owner():
    world = world_with(minAvailable=1)
    pod(world, "a", {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "gone", "uid": "u"}})
    pod(world, "b", app="other")

    assert status(world)["expectedPods"] == 1


def test_a_pod_concerns_the_budgets_that_select_it():
    world = world_with()

    assert list(budgets_of(pod(world, "a"), world)) == [KEY]
    assert list(budgets_of(pod(world, "b", app="other"), world)) == []
    assert list(no_keys(pod(world, "c"), world)) == []
    assert Controller().reconcile(Key("default", "gone"), None, world) == []
