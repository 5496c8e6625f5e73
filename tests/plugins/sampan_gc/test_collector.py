import threading
import time

import pytest

from sampan.contracts.access import User
from sampan.contracts.kinds import Resource
from sampan_client import Client
from sampan_client.informers import Informer
from sampan_gc.collector import Collector
from sampan_machinery.resources import CUSTOM_RESOURCE_DEFINITIONS
from sampan_testing.miniapi import MiniApi

SETS = Resource("apps", "v1", "replicasets", "ReplicaSet")
PODS = Resource("", "v1", "pods", "Pod")
NODES = Resource("", "v1", "nodes", "Node", False)
WAIT = 60


@pytest.fixture
def api():
    return MiniApi([SETS, PODS, NODES])


@pytest.fixture
def client(api):
    return Client.in_process(api, User("system:admin"))


@pytest.fixture
def collect(api, client):
    """Starts the collector; returns a function that waits until something is so."""
    stop = threading.Event()
    collector = Collector(client, refresh=0.2)
    thread = threading.Thread(target=collector.run, args=(stop,))

    def start():
        thread.start()
        return collector

    yield start
    stop.set()
    thread.join(WAIT)


def until(api, happened):
    with api._changed:
        assert api._changed.wait_for(happened, WAIT)


def reference(owner, *, blocks=True, **more):
    metadata = owner["metadata"]
    found = {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": metadata["name"], "uid": metadata["uid"]}
    return {**found, "blockOwnerDeletion": blocks, **more}


def pod(api, name, *owners):
    metadata = {"name": name, "namespace": "default"}
    if owners:
        metadata["ownerReferences"] = [owner if "uid" in owner else reference(owner) for owner in owners]
    return api.create(PODS, {"metadata": metadata})


def replica_set(api, name="web"):
    return api.create(SETS, {"metadata": {"name": name, "namespace": "default"}})


def names(api):
    return {obj["metadata"]["name"] for obj in api.list(PODS)}


def test_dependents_follow_their_owner(api, client, collect):
    owner = replica_set(api)
    for name in ("a", "b"):
        pod(api, name, owner)
    pod(api, "free")
    collect()

    client.delete(SETS, "web", "default")

    until(api, lambda: names(api) == {"free"})


def test_what_was_left_before_the_start_is_collected(api, collect):
    owner = replica_set(api)
    pod(api, "a", owner)
    api.remove(SETS, "web", "default")

    collect()

    until(api, lambda: not names(api))


def test_an_owner_with_another_uid_is_no_owner(api, collect):
    owner = replica_set(api)
    pod(api, "a", {**reference(owner), "uid": "another"})
    pod(api, "b", owner)

    collect()

    until(api, lambda: names(api) == {"b"})


def test_a_dependent_with_another_owner_only_loses_the_reference(api, client, collect):
    first, second = replica_set(api, "first"), replica_set(api, "second")
    pod(api, "a", first, second)
    collect()

    client.delete(SETS, "first", "default")

    until(api, lambda: len(api.get(PODS, "a", "default")["metadata"]["ownerReferences"]) == 1)
    assert api.get(PODS, "a", "default")["metadata"]["ownerReferences"][0]["name"] == "second"


def test_in_the_foreground_the_owner_goes_last(api, client, collect):
    owner = replica_set(api)
    for name in ("a", "b"):
        pod(api, name, owner)
    order = []
    collect()

    client.delete(SETS, "web", "default", propagation="Foreground")

    until(api, lambda: api.get(SETS, "web", "default") is None)
    order = [resource.plural for _, kind, resource, _ in api._log if kind == "DELETED"]
    assert order == ["pods", "pods", "replicasets"]


def test_orphans_stay_without_their_reference(api, client, collect):
    owner = replica_set(api)
    pod(api, "a", owner)
    collect()

    client.delete(SETS, "web", "default", propagation="Orphan")

    until(api, lambda: api.get(SETS, "web", "default") is None)
    assert "ownerReferences" not in api.get(PODS, "a", "default")["metadata"]


def test_an_owner_is_let_go_only_when_all_kinds_have_been_seen(api, client, collect, monkeypatch):
    """One kind's list may arrive before another kind's watch has begun."""

    class Slow(Informer):
        def start(self):
            super().start()
            if self.resource == NODES:
                time.sleep(0.3)

    monkeypatch.setattr("sampan_gc.collector.Informer", Slow)
    owner = api.create(NODES, {"metadata": {"name": "n"}})
    pod(api, "a", owner)
    client.delete(NODES, "n", propagation="Orphan")

    collect()

    until(api, lambda: api.get(NODES, "n") is None)
    assert "ownerReferences" not in api.get(PODS, "a", "default")["metadata"]


def test_a_ring_does_not_block(api, client, collect):
    pods = [pod(api, name) for name in ("a", "b", "c")]
    for mine, owner in zip(pods, [pods[2], pods[0], pods[1]], strict=True):
        name = mine["metadata"]["name"]
        api.patch(PODS, name, "default", {"metadata": {"ownerReferences": [reference(owner)]}})
    collect()

    client.delete(PODS, "a", "default", propagation="Foreground")

    until(api, lambda: not names(api))


def test_an_owner_of_an_unknown_kind_is_left_in_peace(api, collect):
    ghost = {"apiVersion": "example.com/v1", "kind": "Ghost", "metadata": {"name": "g", "uid": "g"}}
    pod(api, "haunted", ghost)
    owner = replica_set(api)
    pod(api, "a", {**reference(owner), "uid": "another"})

    collect()

    until(api, lambda: names(api) == {"haunted"})


def test_a_new_kind_is_watched_once_discovery_shows_it(api, client, collect):
    widgets = Resource("example.com", "v1", "widgets", "Widget")
    collector = collect()
    api.resources.append(widgets)
    widget = client.create(widgets, {"metadata": {"name": "w", "namespace": "default"}})
    pod(api, "a", widget)

    client.delete(widgets, "w", "default")

    until(api, lambda: not names(api))
    deadline = time.monotonic() + WAIT
    while collector.graph.get(widget["metadata"]["uid"]) is not None:
        assert time.monotonic() < deadline, "the collector remembers it"
        time.sleep(0.01)


def test_a_new_kind_is_watched_as_soon_as_its_definition_changes(api, client):
    """Not only by the look that comes every half a minute."""
    api.resources.append(CUSTOM_RESOURCE_DEFINITIONS)
    widgets = Resource("example.com", "v1", "widgets", "Widget")
    stop = threading.Event()
    collector = Collector(client, refresh=3600.0)
    thread = threading.Thread(target=collector.run, args=(stop,))
    thread.start()
    try:
        owner = replica_set(api)
        seen(collector, owner)

        api.resources.append(widgets)
        api.create(CUSTOM_RESOURCE_DEFINITIONS, {"metadata": {"name": "widgets.example.com"}})
        metadata = {"name": "w", "namespace": "default", "ownerReferences": [reference(owner)]}
        seen(collector, client.create(widgets, {"metadata": metadata}))

        client.delete(SETS, "web", "default")
        until(api, lambda: not api.list(widgets))
    finally:
        stop.set()
        thread.join(WAIT)


def seen(collector, obj):
    """Wait until the graph has it."""
    deadline = time.monotonic() + WAIT
    while collector.graph.get(obj["metadata"]["uid"]) is None:
        assert time.monotonic() < deadline, "the collector does not watch this kind"
        time.sleep(0.01)


def test_a_cluster_wide_owner_may_own_anything(api, client, collect):
    node = api.create(NODES, {"metadata": {"name": "n1"}})
    pod(api, "a", node)
    collect()

    client.delete(NODES, "n1")

    until(api, lambda: not names(api))
