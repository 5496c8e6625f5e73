from __future__ import annotations

from sampan.contracts.reconciling import Create, Patch, Update
from sampan.errors import AlreadyExists
from sampan_machinery.resources import CONTROLLER_REVISIONS, STATEFUL_SETS
from sampan_podspec.history import new_revision
from sampan_statefulsets.revisions import revisions_of


def test_a_new_template_is_a_new_revision(simulated):
    db = simulated()

    found = revisions_of(db.owner(), db.world)

    (create,) = found.writes
    assert isinstance(create, Create) and create.object == found.update == found.current
    assert create.object["metadata"]["labels"]["controller.kubernetes.io/hash"] in found.update_name


def test_a_name_that_is_taken_counts_as_a_collision(simulated):
    db = simulated()
    first = revisions_of(db.owner(), db.world).update_name
    taken = {"metadata": {"name": first, "namespace": "default"}, "data": {}, "revision": 1}
    db.world.create(CONTROLLER_REVISIONS, taken)

    assert isinstance(db.step(), AlreadyExists)
    assert db.status() == {"collisionCount": 1}

    db.step()
    assert db.status()["updateRevision"] != first
    assert db.status()["collisionCount"] == 1


def test_the_revision_of_a_former_set_of_that_name_serves_until_it_is_removed(simulated):
    db = simulated()
    former = new_revision(db.owner(), 1, {})
    former["metadata"]["ownerReferences"][0]["uid"] = "former"
    made = db.world.create(CONTROLLER_REVISIONS, former)

    db.step()
    assert db.status()["updateRevision"] == made["metadata"]["name"]
    assert db.status()["collisionCount"] == 0

    db.world.remove(CONTROLLER_REVISIONS, made["metadata"]["name"], "default")
    db.step()
    assert db.revisions() == {made["metadata"]["name"]: 1}


def test_an_orphan_that_matches_is_adopted_first(simulated):
    db = simulated()
    orphan = new_revision(db.owner(), 7, {})
    del orphan["metadata"]["ownerReferences"]
    db.world.create(CONTROLLER_REVISIONS, orphan)

    (adoption,) = revisions_of(db.owner(), db.world).adoptions
    assert isinstance(adoption, Patch)
    db.step()

    assert revisions_of(db.owner(), db.world).writes == []


def test_a_former_template_gets_a_new_number(simulated):
    db = simulated()
    db.settle()
    db.change("v2")
    db.settle()
    db.change("v1")

    (update,) = revisions_of(db.world.get(STATEFUL_SETS, "db", "default"), db.world).writes

    assert isinstance(update, Update) and update.object["revision"] == 3
