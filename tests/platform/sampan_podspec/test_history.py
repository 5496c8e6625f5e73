from __future__ import annotations

import json

from sampan.contracts.reconciling import Emit, Update
from sampan.errors import AlreadyExists, Forbidden
from sampan_machinery.resources import CONTROLLER_REVISIONS, STATEFUL_SETS
from sampan_podspec import history
from sampan_testing.shelves import Shelf


def owner(image="v1", **status):
    template = {"spec": {"containers": [{"name": "c", "image": image}]}, "metadata": {"labels": {"app": "db"}}}
    metadata = {"name": "db", "namespace": "default", "uid": "u", "annotations": {"why": "because"}}
    return {
        "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": metadata, "spec": {"template": template},
        "status": status,
    }  # fmt: skip


def revision(number, name="a", created="2026-01-01T00:00:00Z"):
    return {"metadata": {"name": name, "creationTimestamp": created}, "revision": number}


def test_a_revision_puts_its_template_back():
    made = history.new_revision(owner(), 3, {"extra": "x"})

    assert made["revision"] == 3
    assert made["metadata"]["labels"] == {"app": "db", "extra": "x"}
    assert made["metadata"]["annotations"] == {"why": "because"}
    assert made["metadata"]["name"] == f"db-{history.hash_of(owner())}"
    assert made["data"]["spec"]["template"]["$patch"] == "replace"
    assert json.dumps(made["data"]) == json.dumps(made["data"], sort_keys=True)
    assert history.template_of(made) == owner()["spec"]["template"]
    assert history.holds(made, owner()["spec"]["template"])
    assert not history.holds(made, owner("v2")["spec"]["template"])


def test_a_collision_changes_the_name():
    assert history.hash_of(owner()) == history.hash_of(owner(collisionCount=0))
    assert history.hash_of(owner()) != history.hash_of(owner(collisionCount=1))
    assert history.collided(owner(collisionCount=1, replicas=2)) == {"collisionCount": 2, "replicas": 2}
    assert history.collided(owner()) == {"collisionCount": 1}


def test_a_taken_name_is_counted_and_another_refusal_told():
    status = Update(STATEFUL_SETS, owner(), "status")
    create = history.creation(history.new_revision(owner(), 1, {}), owner(), status)

    assert create.on_failure(AlreadyExists("taken")) == [status]
    (event,) = create.on_failure(Forbidden("no"))
    assert isinstance(event, Emit) and event.reason == "FailedCreate"


def test_a_revision_of_the_same_name_and_template_is_found():
    made = history.new_revision(owner(), 1, {})
    other = {**made, "data": history.new_revision(owner("v2"), 1, {})["data"]}

    assert history.of_former_owner(made, Shelf([(CONTROLLER_REVISIONS, made)])) == made
    assert history.of_former_owner(made, Shelf([(CONTROLLER_REVISIONS, other)])) is None
    assert history.of_former_owner(made, Shelf()) is None


def test_revisions_are_in_the_order_of_their_numbers():
    old, same, new = revision(1, "z"), revision(1, "b", "2026-02-01T00:00:00Z"), revision(12, "a")

    assert history.by_number([new, same, old]) == [old, same, new]
    assert history.next_number([old, new]) == 13
    assert history.next_number([]) == 1
    assert history.surplus([new, old, same], 1) == [old, same]
    assert history.surplus([new, old, same], -1) == []
