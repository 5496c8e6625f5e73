import pytest

from sampan.contracts.kinds import Resource
from sampan_gc.graph import FOREGROUND, Graph, GraphNode, Owner, node_of

PODS = Resource("", "v1", "pods", "Pod")


def owned(uid, *owners, deleting=False, finalizers=(), name=""):
    refs = tuple(Owner("apps/v1", "ReplicaSet", owner, owner, False) for owner in owners)
    return GraphNode(PODS, "default", name or uid, uid, refs, deleting, tuple(finalizers))


@pytest.fixture
def graph():
    return Graph()


def test_an_object_is_read_with_what_matters():
    reference = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": "1", "blockOwnerDeletion": True}
    metadata = {"name": "web-a", "namespace": "shop", "uid": "2", "ownerReferences": [reference], "finalizers": None}
    found = node_of(PODS, {"metadata": metadata})

    assert found == GraphNode(
        PODS, "shop", "web-a", "2", (Owner("apps/v1", "ReplicaSet", "web", "1", True),), False, ()
    )
    assert found.owners[0].group == "apps"


def test_a_dependent_is_found_by_its_owner_whichever_came_first(graph):
    graph.put(owned("pod", "set"))
    graph.put(owned("set"))

    assert [node.uid for node in graph.dependents("set")] == ["pod"]


def test_an_object_with_an_unknown_owner_is_looked_at_and_one_with_a_known_owner_not(graph):
    graph.put(owned("set"))

    assert graph.put(owned("lost", "gone")) == {"lost"}
    assert graph.put(owned("pod", "set")) == set()
    assert graph.parentless() == {"lost"}


def test_an_owner_of_another_name_with_the_uid_is_looked_at(graph):
    graph.put(owned("set", name="renamed"))

    assert graph.put(owned("pod", "set")) == {"pod"}


def test_an_object_made_below_an_owner_that_waits_is_looked_at(graph):
    graph.put(owned("set", deleting=True, finalizers=[FOREGROUND]))

    assert "late" in graph.put(owned("late", "set"))


def test_what_an_object_owned_is_looked_at_when_it_goes(graph):
    graph.put(owned("set"))
    graph.put(owned("one", "set"))
    graph.put(owned("two", "set"))

    assert graph.remove("set") == {"one", "two"}
    assert graph.get("set") is None
    assert graph.remove("set") == set()


def test_an_owner_that_waits_is_looked_at_when_a_dependent_goes_or_is_deleted(graph):
    graph.put(owned("one", "set"))
    graph.put(owned("two", "set"))
    assert graph.put(owned("set", deleting=True, finalizers=[FOREGROUND])) == {"set", "one", "two"}

    assert graph.put(owned("one", "set", deleting=True)) >= {"set"}
    assert graph.remove("one") == {"set"}


def test_a_dependent_that_loses_its_reference_is_no_dependent_any_more(graph):
    graph.put(owned("set"))
    graph.put(owned("pod", "set"))
    graph.put(owned("pod"))

    assert graph.dependents("set") == []
    assert graph.remove("set") == set()
