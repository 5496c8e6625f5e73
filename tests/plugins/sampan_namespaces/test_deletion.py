from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from sampan.contracts.kinds import Resource
from sampan.contracts.reconciling import Key, Requeue
from sampan.errors import Forbidden
from sampan_machinery.resources import NAMESPACES, PODS
from sampan_namespaces.deletion import deletable, empty, grace_of
from sampan_testing.shelves import Shelf

CONFIGMAPS = Resource("", "v1", "configmaps", "ConfigMap")
JOBS = Resource("batch", "v1", "jobs", "Job")


def listed(plural, kind, *, scope="Namespaced", verbs=("list", "delete", "deletecollection")):
    return {"resource": plural, "scope": scope, "verbs": list(verbs), "responseKind": {"kind": kind}}


DISCOVERY = {
    "/api": {
        "items": [
            {
                "metadata": {},
                "versions": [
                    {
                        "version": "v1",
                        "resources": [
                            listed("pods", "Pod"),
                            listed("configmaps", "ConfigMap"),
                            listed("nodes", "Node", scope="Cluster"),
                            listed("bindings", "Binding", verbs=("create",)),
                        ],
                    }
                ],
            }
        ]
    },
    "/apis": {
        "items": [
            {"metadata": {"name": "batch"}, "versions": [{"version": "v1", "resources": [listed("jobs", "Job")]}]},
        ]
    },
}


class Cluster:
    """The few calls that emptying makes, over a shelf; what has finalizers (or is sticky) stays."""

    def __init__(self, *contents, sticky=()):
        self.shelf = Shelf(contents)
        self.sticky = set(sticky)
        self.deleted = []
        self.written = []

    def get(self, resource, name):
        return self.shelf.get(resource, name)

    def list(self, resource, namespace):
        return SimpleNamespace(items=self.shelf.list(resource, namespace))

    def delete_collection(self, resource, namespace, *, propagation):
        assert propagation == "Background"
        self.deleted.append(resource.plural)
        for item in self.shelf.list(resource, namespace):
            if not item["metadata"].get("finalizers") and item["metadata"]["name"] not in self.sticky:
                self.shelf.drop(resource, item["metadata"]["name"], namespace)

    def request(self, method, path, *, headers):
        return SimpleNamespace(body=json.dumps(DISCOVERY[path]).encode())

    def update(self, resource, obj, *, subresource):
        self.written.append(subresource)
        return self.shelf.put(resource, obj)

    def round(self, name="a"):
        return list(empty(Key("", name), self, self.shelf))

    def conditions(self):
        found = self.shelf.get(NAMESPACES, "a")["status"].get("conditions", [])
        return {condition["type"]: (condition["status"], condition["message"]) for condition in found}


def ending():
    return NAMESPACES, {
        "metadata": {"name": "a", "deletionTimestamp": "2027-01-15T08:00:00Z"},
        "spec": {"finalizers": ["kubernetes", "other"]},
        "status": {"phase": "Terminating"},
    }


def thing(resource, name, **metadata):
    return resource, {"metadata": {"name": name, "namespace": "a", **metadata}}


def stopping(name, seconds=30):
    """A pod that may take so long to end."""
    return PODS, {**thing(PODS, name)[1], "spec": {"terminationGracePeriodSeconds": seconds}}


def test_a_namespace_that_stays_is_left_alone():
    cluster = Cluster((NAMESPACES, {"metadata": {"name": "a"}}), thing(PODS, "p"))

    assert cluster.round() == []
    assert cluster.deleted == []


def test_everything_goes_and_then_our_finalizer():
    cluster = Cluster(ending(), thing(PODS, "p"), thing(CONFIGMAPS, "c"), thing(JOBS, "j"))

    assert cluster.round() == []

    assert cluster.deleted == ["pods", "configmaps", "jobs"]
    assert cluster.shelf.get(NAMESPACES, "a")["spec"]["finalizers"] == ["other"]


def test_while_pods_are_left_nothing_else_is_touched():
    cluster = Cluster(ending(), stopping("p"), thing(CONFIGMAPS, "c"), sticky=["p"])

    assert isinstance(cluster.round()[0], Requeue)

    assert cluster.deleted == ["pods"]
    conditions = cluster.conditions()
    assert conditions["NamespaceContentRemaining"] == (
        "True",
        "Some resources are remaining: pods. has 1 resource instances",
    )
    assert conditions["NamespaceDeletionContentFailure"][0] == "False"
    assert len(conditions) == 5


def test_what_waits_for_finalizers_is_named():
    cluster = Cluster(ending(), thing(CONFIGMAPS, "c", finalizers=["x/y"]))

    cluster.round()

    assert cluster.conditions()["NamespaceFinalizersRemaining"] == (
        "True",
        "Some content in the namespace has finalizers remaining: x/y in 1 resource instances",
    )
    assert cluster.shelf.get(NAMESPACES, "a")["spec"]["finalizers"] == ["kubernetes", "other"]


def test_a_round_that_finds_the_same_writes_no_status():
    cluster = Cluster(ending(), thing(PODS, "p"), sticky=["p"])

    cluster.round()
    cluster.round()

    assert cluster.written == ["status"]


def test_an_empty_namespace_goes_in_one_write():
    cluster = Cluster(ending())

    cluster.round()

    assert cluster.written == ["finalize"]


def test_a_refused_deletion_is_told_and_does_not_stop_the_rest(monkeypatch):
    cluster = Cluster(ending(), thing(CONFIGMAPS, "c"), thing(JOBS, "j"))
    kept = cluster.delete_collection

    def refuse(resource, namespace, **how):
        if resource.plural == "configmaps":
            raise Forbidden("no")
        kept(resource, namespace, **how)

    monkeypatch.setattr(cluster, "delete_collection", refuse)
    cluster.round()

    assert cluster.deleted == ["jobs"]
    assert cluster.conditions()["NamespaceDeletionContentFailure"] == (
        "True",
        "Failed to delete all resource types, 1 remaining: no",
    )


def test_what_stays_without_a_reason_is_told_as_a_failure():
    cluster = Cluster(ending(), thing(CONFIGMAPS, "c"), thing(JOBS, "j"), sticky=["c", "j"])

    cluster.round()

    assert cluster.conditions()["NamespaceDeletionContentFailure"] == (
        "True",
        "Failed to delete all resource types, 2 remaining: "
        "unexpected items still remain in namespace: a for gvr: /v1, Resource=configmaps, "
        "unexpected items still remain in namespace: a for gvr: batch/v1, Resource=jobs",
    )


def test_pods_have_their_time():
    cluster = Cluster(ending(), stopping("p"), sticky=["p"])
    cluster.shelf.now += 31

    cluster.round()

    assert cluster.conditions()["NamespaceDeletionContentFailure"][1] == (
        "Failed to delete all resource types, 1 remaining: failed to delete pods for namespace: a, err: "
        "unexpected items still remain in namespace: a for gvr: /v1, Resource=pods"
    )


def test_pods_that_have_ended_have_no_time():
    pod = {"spec": {"terminationGracePeriodSeconds": 30}}

    assert grace_of([pod, {"spec": {"terminationGracePeriodSeconds": 60}, "status": {"phase": "Failed"}}]) == 30
    assert grace_of([{}]) == grace_of([]) == 0


def test_groups_that_do_not_answer_are_named(monkeypatch):
    stale = {"items": [{"metadata": {"name": "g"}, "versions": [{"version": "v1", "freshness": "Stale"}]}]}
    monkeypatch.setitem(DISCOVERY, "/apis", stale)
    cluster = Cluster(ending())

    cluster.round()

    assert cluster.conditions()["NamespaceDeletionDiscoveryFailure"] == (
        "True",
        "Discovery failed for some groups, 1 failing: unable to retrieve the complete list of server APIs: "
        "g/v1: stale GroupVersion discovery: g/v1",
    )
    assert cluster.shelf.get(NAMESPACES, "a")["spec"]["finalizers"] == ["kubernetes", "other"]


def test_stale_groups_are_reported():
    found, stale = deletable(
        {"items": [{"metadata": {"name": "g"}, "versions": [{"version": "v1", "freshness": "Stale"}]}]}
    )

    assert (found, stale) == ([], ["g/v1"])


def test_a_server_that_is_away_holds_nothing_up_if_it_can_hold_nothing():
    def group(*verbs):
        resource = {"resource": "things", "scope": "Namespaced", "verbs": verbs, "responseKind": {"kind": "Thing"}}
        version = {"version": "v1", "freshness": "Stale", "resources": [resource]}
        return {"items": [{"metadata": {"name": "g"}, "versions": [version]}]}

    assert deletable(group("get", "list")) == ([], [])
    assert deletable(group("delete", "list"))[1] == ["g/v1"]


@pytest.mark.parametrize("path", ["/api", "/apis"])
def test_only_namespaced_deletable_resources_count(path):
    found, _stale = deletable(DISCOVERY[path])

    assert {resource.plural for resource in found} <= {"pods", "configmaps", "jobs"}
