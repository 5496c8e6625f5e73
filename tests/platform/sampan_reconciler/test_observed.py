"""What a decider sees where reconcilers watch parts of a resource."""

import random
from types import SimpleNamespace

import pytest

from sampan_machinery.resources import CONFIG_MAPS
from sampan_reconciler.observed import Scope, SharedInformer, View, by_resource


def config_map(name, owner=""):
    return {"metadata": {"name": name, "namespace": "default", "ownerReferences": [{"uid": owner}] if owner else []}}


def watched(fields, *objects):
    """An informer that has synced."""
    return SimpleNamespace(
        scope=Scope(CONFIG_MAPS, fields),
        informer=SimpleNamespace(
            get=lambda name, namespace: next((each for each in objects if each["metadata"]["name"] == name), None),
            list=lambda namespace: list(objects),
        ),
        owned=lambda uid: [
            each for each in objects if uid in [ref["uid"] for ref in each["metadata"]["ownerReferences"]]
        ],
    )


def view(*informers):
    return View(by_resource(informers), 0.0, random.Random(1))


A, B = config_map("a", "x"), config_map("b", "x")


@pytest.mark.parametrize(
    ("informers", "names"),
    [
        ([watched("metadata.name=a", A), watched("metadata.name=b", B)], ["a", "b"]),
        ([watched("metadata.name=a", A), watched("metadata.namespace=default", A, B)], ["a", "b"]),
        ([watched("metadata.name=a", A), watched("", A, B)], ["a", "b"]),
        ([watched("metadata.name=a", A)], ["a"]),
        ([], []),
    ],
)
def test_each_part_is_seen_and_each_object_once(informers, names):
    seen = view(*informers)

    assert [each["metadata"]["name"] for each in seen.list(CONFIG_MAPS)] == names
    assert [each["metadata"]["name"] for each in seen.owned(CONFIG_MAPS, "x")] == names
    assert [name for name in ("a", "b") if seen.get(CONFIG_MAPS, name, "default")] == names
    assert seen.get(CONFIG_MAPS, "c", "default") is None


def test_the_one_that_has_all_is_asked_alone():
    whole = watched("", A)

    assert by_resource([watched("metadata.name=a", A), whole]) == {CONFIG_MAPS: [whole]}


def owned_by(uid, name, *, controller=True, namespace="default"):
    reference = {"uid": uid, **({"controller": True} if controller else {})}
    return {"metadata": {"name": name, "namespace": namespace, "uid": name, "ownerReferences": [reference]}}


def free(name, namespace="default"):
    return {"metadata": {"name": name, "namespace": namespace, "uid": name}}


class Changing:
    """A SharedInformer whose watch is the test."""

    def __init__(self):
        self._shared = SharedInformer(SimpleNamespace(), Scope(CONFIG_MAPS))
        self._known = {}

    def put(self, *objects):
        for obj in objects:
            name = obj["metadata"]["name"]
            self._shared._changed(self._known.get(name), obj)
            self._known[name] = obj

    def drop(self, name):
        self._shared._changed(self._known.pop(name), None)

    def claimable(self, uid):
        return [each["metadata"]["name"] for each in self._shared.claimable(uid, "default")]


def test_a_controller_may_claim_what_it_owns_and_what_has_no_controller():
    seen = Changing()
    seen.put(
        owned_by("x", "mine"), owned_by("y", "of-another"), free("free"), free("elsewhere", "other"),
        owned_by("y", "named-only", controller=False), owned_by("x", "mine-elsewhere", namespace="other"),
    )  # fmt: skip

    assert seen.claimable("x") == ["mine", "free", "named-only"]


def test_what_is_adopted_released_and_deleted_is_claimable_no_longer_or_again():
    seen = Changing()
    seen.put(owned_by("x", "a"), owned_by("x", "b"), free("c"))

    seen.put(owned_by("y", "c"), free("b"))
    assert seen.claimable("x") == ["a", "b"]
    assert seen.claimable("y") == ["c", "b"]

    seen.drop("a")
    seen.drop("b")
    assert seen.claimable("x") == []


def test_what_changes_keeps_its_place():
    seen = Changing()
    seen.put(owned_by("x", "a"), owned_by("x", "b"))

    seen.put({**owned_by("x", "a"), "data": {}})

    assert seen.claimable("x") == ["a", "b"]
