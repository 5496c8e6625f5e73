"""A collection that is added while the cache follows the store misses nothing and shows nothing twice."""

from __future__ import annotations

import threading

import pytest

from sampan.contracts.store import Compacted, Delete, Put, Unavailable, Unusable
from sampan_memory.store import MemoryStore
from sampan_server.cache.cache import Cache

PREFIX, OTHER = "/example/boats/", "/example/cars/"


class Between:
    """A store that calls something each time after a snapshot was taken, before it is handed over."""

    def __init__(self, store):
        self._store = store
        self.then = lambda: None

    def __getattr__(self, name):
        return getattr(self._store, name)

    def page(self, prefix, **more):
        found = self._store.page(prefix, **more)
        if prefix == PREFIX:
            self.then()
        return found


def value(number):
    return b'{"kind":"Boat","apiVersion":"example/v1","metadata":{"resourceVersion":"","name":"a"},"n":%d}' % number


@pytest.fixture
def store():
    store = MemoryStore()
    store.commit(Put(OTHER + "x", value(0)))
    yield Between(store)
    store.close()


@pytest.fixture
def cache(store):
    cache = Cache(store)
    cache.add(OTHER, {})
    cache.start()
    yield cache
    cache.stop()


def put(store, name, number=0):
    return store.commit(Put(f"{PREFIX}default/{name}", value(number)))


def names(collection):
    return [key.rpartition("/")[2] for key in collection.keys]


def test_what_was_stored_before_is_there_and_what_comes_is_told(store, cache):
    put(store, "a")
    told = []
    cache.listener = lambda prefix: lambda event: told.append((prefix, event.revision))

    found = cache.load(PREFIX, {})
    revision = put(store, "b")
    assert cache.wait(revision)

    assert names(found) == ["a", "b"]
    assert told == [(PREFIX, revision)]
    assert cache.load(PREFIX, {}) is found


def test_what_changes_between_the_snapshot_and_its_use_is_applied(store, cache):
    put(store, "gone")
    put(store, "kept", 1)

    def meanwhile():
        store.commit(Delete(f"{PREFIX}default/gone"))
        put(store, "kept", 2)
        assert cache.wait(put(store, "new"))

    store.then = meanwhile
    found = cache.load(PREFIX, {})

    assert names(found) == ["kept", "new"]
    assert found.records[f"{PREFIX}default/kept"].decode()["n"] == 2
    start = found.ring.oldest
    assert [event.revision for event in found.ring.after(start)] == [start + 1, start + 2, start + 3]


def test_it_begins_again_when_the_feed_was_lost_meanwhile(store, cache):
    put(store, "a")
    calls = []

    def lose_once():
        calls.append(1)
        if len(calls) == 1:
            put(store, "b")
            cache._reload()

    store.then = lose_once
    found = cache.load(PREFIX, {})

    assert len(calls) == 2
    assert names(found) == ["a", "b"]


def test_a_snapshot_that_is_compacted_is_taken_again(store, cache):
    put(store, "a")
    calls = []

    def gone_once():
        calls.append(1)
        if len(calls) == 1:
            raise Compacted(2)

    store.then = gone_once

    assert names(cache.load(PREFIX, {})) == ["a"]


def test_a_store_that_does_not_answer_leaves_nothing_behind(store, cache):
    def fail():
        raise Unavailable("away")

    store.then = fail
    with pytest.raises(Unavailable):
        cache.load(PREFIX, {})
    assert PREFIX not in cache.collections
    assert cache._loading == {}

    store.then = lambda: None
    assert names(cache.load(PREFIX, {})) == []


def test_what_is_dropped_is_not_followed_and_can_be_loaded_again(store, cache):
    first = cache.load(PREFIX, {})
    cache.drop(PREFIX)
    assert cache.wait(put(store, "a"))
    assert names(first) == []

    assert names(cache.load(PREFIX, {})) == ["a"]


def test_a_writer_that_never_rests_loses_nothing(store, cache):
    stop = threading.Event()

    def write():
        number = 0
        while not stop.is_set():
            number += 1
            name = f"n{number % 20:02}"
            if number % 7:
                put(store, name, number)
            else:
                store.commit(Delete(f"{PREFIX}default/{name}"))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(30):
            found = cache.load(PREFIX, {})
            cache.drop(PREFIX)
        found = cache.load(PREFIX, {})
    finally:
        stop.set()
        writer.join()
    assert cache.wait(store.revision())

    there = {entry.key: entry.revision for entry in store.page(PREFIX).entries}
    assert {key: record.revision for key, record in found.records.items()} == there
    assert found.keys == sorted(there)


def test_a_store_whose_values_cannot_be_used_is_not_served():
    class Spoilt(MemoryStore):
        def watch(self, after):
            raise Unusable("the key of it is gone")

    store = Spoilt()
    store.commit(Put("/core/secrets/default/a", b"{}"))

    with pytest.raises(Unusable, match="the key of it is gone"):
        Cache(store).start()

    store.close()
