from __future__ import annotations

import pytest

from sampan_machinery.metadata import controller_ref, now_text
from sampan_machinery.resources import PERSISTENT_VOLUME_CLAIMS as CLAIMS
from sampan_machinery.resources import PODS
from sampan_statefulsets.claims import owner_references

TEMPLATE = {
    "metadata": {"name": "data", "labels": {"kept": "yes"}},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
}
BOTH = {"whenDeleted": "Delete", "whenScaled": "Delete"}


def with_claims(simulated, **retention):
    return simulated(replicas=2, volumeClaimTemplates=[TEMPLATE], persistentVolumeClaimRetentionPolicy=retention or {})


def owners_of(db, name):
    found = db.world.get(CLAIMS, name, "default")["metadata"].get("ownerReferences") or []
    return [(each["kind"], each["name"]) for each in found]


def test_each_pod_has_its_claims_before_it_exists(simulated):
    db = with_claims(simulated)
    db.settle()

    claims = db.world.list(CLAIMS)
    assert [claim["metadata"]["name"] for claim in claims] == ["data-db-0", "data-db-1"]
    assert claims[0]["metadata"]["labels"] == {"kept": "yes", "app": "db"}
    assert claims[0]["spec"]["volumeMode"] == "Filesystem"
    assert [reason for reason, _ in db.world.events] == ["SuccessfulCreate"] * 4
    assert db.world.events[0][1] == "Create Claim data-db-0 Pod db-0 in StatefulSet db success"
    assert owners_of(db, "data-db-0") == []


def test_a_claim_that_is_there_is_used_as_it_is(simulated):
    db = with_claims(simulated)
    mine = db.world.create(CLAIMS, {"metadata": {"name": "data-db-0", "namespace": "default"}, "spec": {}})
    db.settle()

    assert db.world.get(CLAIMS, "data-db-0", "default") == mine


def test_a_pod_waits_for_a_claim_that_is_being_deleted(simulated):
    db = with_claims(simulated)
    metadata = {"name": "data-db-0", "namespace": "default", "deletionTimestamp": now_text(0)}
    db.world.create(CLAIMS, {"metadata": metadata, "spec": {}})

    db.step()

    assert db.ordinals() == []
    assert db.world.wakes == [db.world.now + 1]


@pytest.mark.parametrize(
    "deleted, scaled, wanted, gone",
    [
        ("Retain", "Retain", [], []),
        ("Delete", "Retain", [("StatefulSet", "db")], [("StatefulSet", "db")]),
        ("Retain", "Delete", [], [("Pod", "db-1")]),
        ("Delete", "Delete", [("StatefulSet", "db")], [("Pod", "db-1")]),
    ],
)
def test_the_retention_policy_says_who_owns_a_claim(simulated, deleted, scaled, wanted, gone):
    db = with_claims(simulated, whenDeleted=deleted, whenScaled=scaled)
    db.settle()
    assert owners_of(db, "data-db-1") == wanted

    removed = []
    db.world.refuse = lambda action: removed.append(owners_of(db, "data-db-1")) if is_removal(action) else None
    db.change(replicas=1)
    db.settle()

    assert removed[0] == gone
    assert (db.world.get(CLAIMS, "data-db-1", "default") is None) == (scaled == "Delete")


def is_removal(action):
    return getattr(action, "resource", None) == PODS and getattr(action, "name", "") == "db-1"


def test_a_policy_that_changes_back_leaves_no_owner(simulated):
    db = with_claims(simulated, **BOTH)
    db.settle()

    db.change(persistentVolumeClaimRetentionPolicy={"whenDeleted": "Retain", "whenScaled": "Retain"})
    db.settle()

    assert owners_of(db, "data-db-0") == owners_of(db, "data-db-1") == []


def test_a_new_pod_waits_until_the_claims_of_the_former_one_are_gone(simulated):
    db = with_claims(simulated, **BOTH)
    former = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "db-0", "uid": "former"}}
    metadata = {"name": "data-db-0", "namespace": "default", "ownerReferences": [controller_ref(former)]}
    db.world.create(CLAIMS, {"metadata": metadata, "spec": {}})

    db.step()

    assert db.ordinals() == []
    assert db.world.wakes == [db.world.now + 1]


def owner_and_pod(build, **retention):
    owner = build(persistentVolumeClaimRetentionPolicy={**BOTH, **retention})
    owner.update(apiVersion="apps/v1", kind="StatefulSet")
    owner["metadata"]["uid"] = "set"
    return owner, {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "db-1", "uid": "pod"}}


def test_another_controller_keeps_the_claim(build):
    owner, pod = owner_and_pod(build)
    other = {"apiVersion": "v1", "kind": "Boat", "name": "b", "uid": "b", "controller": True}

    for found in ([other], [other, controller_ref(owner)]):
        claim = {"metadata": {"name": "data-db-1", "ownerReferences": found}}
        assert owner_references(claim, owner, pod, wanted=True) == [other]


def test_a_reference_to_a_former_set_is_left_to_garbage_collection(build):
    owner, pod = owner_and_pod(build)
    former = {**controller_ref(owner), "uid": "former"}
    claim = {"metadata": {"name": "data-db-1", "ownerReferences": [former]}}

    assert owner_references(claim, owner, pod, wanted=True) == [former]


def test_an_owner_that_is_no_controller_becomes_one(build):
    owner, pod = owner_and_pod(build)
    weak = {key: value for key, value in controller_ref(owner).items() if key != "controller"}
    claim = {"metadata": {"name": "data-db-1", "ownerReferences": [weak]}}

    assert owner_references(claim, owner, pod, wanted=True) == [controller_ref(owner)]
