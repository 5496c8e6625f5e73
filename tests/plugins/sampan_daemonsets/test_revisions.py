from __future__ import annotations

from sampan.errors import AlreadyExists
from sampan_machinery.metadata import copy
from sampan_machinery.resources import CONTROLLER_REVISIONS
from sampan_podspec.history import new_revision


def twin(agents, **metadata):
    """A second revision of the same template, made by hand."""
    (first,) = agents.world.list(CONTROLLER_REVISIONS)
    labels = {"app": "agent", **metadata.pop("labels", {})}
    owners = first["metadata"]["ownerReferences"]
    whole = {"name": "twin", "namespace": "default", "labels": labels, "ownerReferences": owners, **metadata}
    return agents.world.create(
        CONTROLLER_REVISIONS, {"metadata": whole, "data": copy(first["data"]), "revision": first["revision"] + 1}
    )


def test_two_revisions_of_the_template_become_the_newer_one(simulated):
    agents = simulated()
    agents.settle()
    twin(agents, labels={"controller-revision-hash": "t"})

    agents.settle()

    assert agents.revisions() == {"twin": 2}
    assert {pod["metadata"]["labels"]["controller-revision-hash"] for pod in agents.pods()} == {"t"}


def test_a_template_after_one_made_by_hand_is_the_third(simulated):
    agents = simulated()
    agents.settle()
    (first,) = agents.revisions()
    twin(agents, labels={"controller-revision-hash": "t"})
    agents.world.remove(CONTROLLER_REVISIONS, first, "default")

    agents.change("v2")
    agents.settle()

    assert sorted(agents.revisions().values()) == [2, 3]


def test_a_revision_without_its_label_gets_one(simulated):
    agents = simulated()
    agents.settle()
    twin(agents)

    agents.settle()

    (left,) = agents.world.list(CONTROLLER_REVISIONS)
    assert left["metadata"]["labels"]["controller-revision-hash"] == "twin"


def test_a_name_that_is_taken_counts_as_a_collision(simulated):
    agents = simulated()
    agents.settle()
    agents.change("v2")
    agents.settle()
    second = next(name for name, number in agents.revisions().items() if number == 2)
    other = simulated()
    other.settle()
    other.change("v2")
    other.world.create(CONTROLLER_REVISIONS, {"metadata": {"name": second, "namespace": "default"}, "revision": 1})

    assert isinstance(other.step(), AlreadyExists)

    assert other.status()["collisionCount"] == 1
    other.settle()
    assert {image for _, image in other.images()} == {"v2"}


def test_the_revision_of_a_former_set_of_that_name_serves_until_it_is_removed(simulated):
    agents = simulated()
    former = new_revision(agents.owner(), 1, {"controller-revision-hash": "h"})
    former["metadata"]["ownerReferences"][0]["uid"] = "former"
    made = agents.world.create(CONTROLLER_REVISIONS, former)

    agents.settle()
    assert {pod["metadata"]["labels"]["controller-revision-hash"] for pod in agents.pods()} == {"h"}

    agents.world.remove(CONTROLLER_REVISIONS, made["metadata"]["name"], "default")
    agents.settle()
    assert agents.revisions() == {made["metadata"]["name"]: 1}


def test_old_revisions_beyond_the_limit_go_unless_a_pod_has_them(simulated):
    agents = simulated(revisionHistoryLimit=1)
    for image in ("v1", "v2", "v3", "v4"):
        agents.change(image)
        agents.settle()

    assert sorted(agents.revisions().values()) == [3, 4]
