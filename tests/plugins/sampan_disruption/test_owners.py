from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from sampan.errors import NotFound
from sampan_client.scales import Targets
from sampan_disruption.budgets import Scale
from sampan_disruption.owners import ScaleUnknown, by_subresource, scale_of
from sampan_machinery.metadata import controller_ref
from sampan_machinery.resources import DEPLOYMENTS, REPLICA_SETS, STATEFUL_SETS
from sampan_testing.simulation import World


def never(reference, namespace):
    raise AssertionError("asked")


def made(world, resource, name, replicas, owner=None):
    metadata = {"name": name, "namespace": "default"}
    if owner is not None:
        metadata["ownerReferences"] = [controller_ref(owner)]
    return world.create(resource, {"metadata": metadata, "spec": {"replicas": replicas}})


def pod(owner=None):
    metadata = {"name": "a", "namespace": "default"}
    if owner is not None:
        metadata["ownerReferences"] = [controller_ref(owner)]
    return {"metadata": metadata}


def test_each_owner_counts_once_and_a_deployment_for_its_replica_sets():
    world = World()
    deployment = made(world, DEPLOYMENTS, "web", 4)
    old, new = made(world, REPLICA_SETS, "old", 3, deployment), made(world, REPLICA_SETS, "new", 2, deployment)
    stateful = made(world, STATEFUL_SETS, "db", 5)

    assert scale_of([pod(old), pod(new), pod(new), pod(stateful)], world, never) == Scale(9)


def test_a_pod_without_a_controller_is_told():
    assert scale_of([pod()], World(), never) == Scale(0, unmanaged=True)


def test_an_owner_that_is_gone_or_another_makes_the_scale_unknown():
    world = World()
    stateful = made(world, STATEFUL_SETS, "db", 5)
    other = {**stateful, "metadata": {**stateful["metadata"], "uid": "other"}}

    with pytest.raises(ScaleUnknown, match='found no controllers for pod "a"'):
        scale_of([pod(other)], world, never)


class Server:
    """A kind with a scale and one without."""

    def request(self, method, path):
        if path != "/apis/toys.example/v1":
            raise NotFound("no such path")
        names = {"boats": "Boat", "boats/scale": "Scale", "cars": "Car"}
        found = [{"name": name, "kind": kind, "namespaced": True} for name, kind in names.items()]
        return SimpleNamespace(body=json.dumps({"resources": found}))

    def get(self, resource, name, namespace, *, subresource):
        if name != "b":
            raise NotFound("not found")
        return {"metadata": {"uid": "u"}, "spec": {"replicas": 3}}


def owner(kind, name="b", uid="u", version="toys.example/v1"):
    return {"apiVersion": version, "kind": kind, "name": name, "uid": uid, "controller": True}


def test_another_kind_is_asked_for_its_scale():
    ask = by_subresource(Targets(Server()))

    assert ask(owner("Boat"), "default") == ("u", 3)
    assert ask(owner("Boat", name="gone"), "default") is None
    assert ask(owner("Boat", uid="other"), "default") is None
    with pytest.raises(ScaleUnknown, match=r"cars\.toys\.example does not implement the scale subresource"):
        ask(owner("Car"), "default")
    with pytest.raises(ScaleUnknown, match='no matches for kind "Odd" in version "odd/v1"'):
        ask(owner("Odd", version="odd/v1"), "default")
