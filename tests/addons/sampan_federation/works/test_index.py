from __future__ import annotations

from sampan_federation.works.index import WorkIndex, index_of
from sampan_federation.works.names import BINDING_NAME, BINDING_NAMESPACE

BINDING = ("default", "b")


class Cache:
    """What the index reads of one."""

    def __init__(self):
        self.objects, self.handlers = {}, []

    def on_change(self, handler):
        self.handlers.append(handler)

    def get(self, name, namespace=""):
        return self.objects.get((namespace, name))

    def put(self, work):
        key = work["metadata"]["namespace"], work["metadata"]["name"]
        old, self.objects[key] = self.objects.get(key), work
        for handler in self.handlers:
            handler(old, work)

    def drop(self, work):
        del self.objects[work["metadata"]["namespace"], work["metadata"]["name"]]
        for handler in self.handlers:
            handler(work, None)


def work(cluster, binding=BINDING):
    annotations = {BINDING_NAMESPACE: binding[0], BINDING_NAME: binding[1]} if binding else {}
    return {"metadata": {"namespace": f"karmada-es-{cluster}", "name": "w", "annotations": annotations}}


def test_works_are_found_by_their_binding_and_changes_are_told():
    cache, told = Cache(), []
    index = WorkIndex(cache)
    index.on_change(lambda binding, old, new: told.append(binding))
    cache.put(work("b"))
    cache.put(work("a"))
    cache.put(work("c", None))

    assert [each["metadata"]["namespace"] for each in index.works_of(BINDING)] == ["karmada-es-a", "karmada-es-b"]
    assert told == [BINDING, BINDING]
    assert index.bindings() == [BINDING]


def test_a_work_that_goes_or_changes_hands_is_told_to_the_former_binding():
    cache, told = Cache(), []
    index = WorkIndex(cache)
    index.on_change(lambda binding, old, new: told.append(binding))
    cache.put(work("a"))
    cache.put(work("a", ("default", "other")))

    assert index.works_of(BINDING) == []
    assert told == [BINDING, BINDING, ("default", "other")]
    cache.drop(work("a", ("default", "other")))
    assert index.bindings() == []


def test_a_later_listener_is_told_what_is_there():
    cache, told = Cache(), []
    index = WorkIndex(cache)
    cache.put(work("a"))

    index.on_change(lambda binding, old, new: told.append((binding, old)))

    assert told == [(BINDING, None)]


def test_there_is_one_index_of_the_same_caches(fleet):
    caches = fleet.federation.context.caches

    assert index_of(caches) is index_of(caches)
