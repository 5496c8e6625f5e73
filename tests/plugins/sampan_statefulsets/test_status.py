from __future__ import annotations

from sampan_machinery.metadata import now_text
from sampan_statefulsets.status import status_of

NOW = 1_700_000_000.0


def pod(revision, *, phase="Running", ready=True, deleting=False):
    metadata = {"name": "db-0", "labels": {"controller-revision-hash": revision}}
    if deleting:
        metadata["deletionTimestamp"] = now_text(NOW)
    conditions = [{"type": "Ready", "status": "True" if ready else "False", "lastTransitionTime": now_text(NOW - 9)}]
    return {"metadata": metadata, "status": {"phase": phase, "conditions": conditions}}


def test_pods_are_counted_by_state_and_revision(build):
    pods = [pod("old"), pod("new", ready=False), pod("new", deleting=True), pod("new", phase="Pending")]

    assert status_of(build(minReadySeconds=5), pods, "old", "new", NOW) == {
        "observedGeneration": 0, "replicas": 4, "readyReplicas": 2, "availableReplicas": 2, "currentReplicas": 1,
        "updatedReplicas": 2, "currentRevision": "old", "updateRevision": "new", "collisionCount": 0,
    }  # fmt: skip


def test_zeros_are_left_out_but_for_two(build):
    status = status_of(build(), [], "old", "new", NOW)

    assert (status["replicas"], status["availableReplicas"]) == (0, 0)
    assert "readyReplicas" not in status and "updatedReplicas" not in status


def test_a_complete_update_makes_its_revision_the_current_one(build):
    status = status_of(build(replicas=2), [pod("new"), pod("new")], "old", "new", NOW)

    assert (status["currentRevision"], status["currentReplicas"]) == ("new", 2)


def test_conditions_of_others_stay(build):
    owner = {**build(), "status": {"conditions": [{"type": "Mine"}], "collisionCount": 2}}

    status = status_of(owner, [], "a", "a", NOW)

    assert (status["conditions"], status["collisionCount"]) == ([{"type": "Mine"}], 2)
