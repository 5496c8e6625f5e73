from __future__ import annotations

from sampan_daemonsets.nodes import Fit
from sampan_daemonsets.status import by_age, is_updated, status_of
from sampan_machinery.metadata import now_text

NOW = 1_700_000_000.0


def pod(name, digest="new", *, ready=True, node="n", created="2026-01-01T00:00:00Z", generation="0"):
    labels = {"controller-revision-hash": digest, "pod-template-generation": generation}
    conditions = [{"type": "Ready", "status": "True" if ready else "False", "lastTransitionTime": now_text(NOW - 9)}]
    metadata = {"name": name, "labels": labels, "creationTimestamp": created}
    return {"metadata": metadata, "spec": {"nodeName": node}, "status": {"conditions": conditions}}


def test_nodes_are_counted_by_their_oldest_pod(build):
    fits = {"a": Fit(True, True), "b": Fit(True, True), "c": Fit(True, True), "d": Fit(False, True)}
    young = pod("a2", "other", ready=False, created="2026-02-01T00:00:00Z")
    pods = {"a": [young, pod("a1")], "b": [pod("b", "old", ready=False)], "d": [pod("d")]}

    assert status_of({**build(), "status": {"conditions": [{"type": "Mine"}]}}, fits, pods, "new", NOW) == {
        "currentNumberScheduled": 2, "numberMisscheduled": 1, "desiredNumberScheduled": 3, "numberReady": 1,
        "updatedNumberScheduled": 1, "numberAvailable": 1, "numberUnavailable": 2, "observedGeneration": 0,
        "conditions": [{"type": "Mine"}],
    }  # fmt: skip


def test_a_pod_is_up_to_date_by_its_revision_or_its_generation(build):
    owner = build()
    owner["metadata"]["annotations"] = {"deprecated.daemonset.template.generation": "3"}

    assert is_updated(owner, pod("a"), "new")
    assert is_updated(owner, pod("a", "old", generation="3"), "new")
    assert not is_updated(owner, pod("a", "old", generation="2"), "new")


def test_pods_on_their_node_come_first():
    waiting, old, young = pod("z", node=""), pod("b"), pod("a", created="2026-03-01T00:00:00Z")

    assert by_age([waiting, young, old]) == [old, young, waiting]
