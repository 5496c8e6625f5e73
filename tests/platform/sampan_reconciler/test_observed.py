"""What a decider sees where reconcilers watch parts of a resource."""

import random
from types import SimpleNamespace

import pytest

from sampan_machinery.resources import CONFIG_MAPS
from sampan_reconciler.observed import Scope, View, by_resource


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
