from __future__ import annotations

from sampan.contracts.reconciling import Key
from sampan_daemonsets.waking import concerned_by_node, concerned_by_revision
from sampan_machinery.resources import CONTROLLER_REVISIONS, NODES

KEY = Key("default", "agent")


def test_a_heartbeat_concerns_no_set(simulated):
    agents = simulated()
    agents.settle()

    assert list(concerned_by_node(agents.world.get(NODES, "n0"), agents.world)) == []


def test_a_node_that_comes_changes_or_goes_concerns_its_sets(simulated):
    agents = simulated()
    agents.settle()

    agents.add_node("n2")
    assert list(concerned_by_node(agents.world.get(NODES, "n2"), agents.world)) == [KEY]

    agents.change_node("n0", taints=[{"key": "k", "effect": "NoSchedule"}])
    assert list(concerned_by_node(agents.world.get(NODES, "n0"), agents.world)) == [KEY]

    gone = agents.world.get(NODES, "n1")
    agents.world.remove(NODES, "n1")
    assert list(concerned_by_node(gone, agents.world)) == [KEY]


def test_a_revision_concerns_its_set_when_it_was_changed_or_deleted(simulated):
    agents = simulated()
    agents.settle()
    (made,) = agents.world.list(CONTROLLER_REVISIONS)
    assert list(concerned_by_revision(made, agents.world)) == []

    agents.world.update(CONTROLLER_REVISIONS, {**made, "revision": 9})
    assert list(concerned_by_revision(made, agents.world)) == [KEY]

    agents.world.remove(CONTROLLER_REVISIONS, made["metadata"]["name"], "default")
    assert list(concerned_by_revision(made, agents.world)) == [KEY]


def test_a_new_orphan_may_be_adopted(simulated):
    agents = simulated()
    metadata = {"name": "x", "namespace": "default", "labels": {"app": "agent"}}
    orphan = agents.world.create(CONTROLLER_REVISIONS, {"metadata": metadata, "revision": 1})

    assert list(concerned_by_revision(orphan, agents.world)) == [KEY]
