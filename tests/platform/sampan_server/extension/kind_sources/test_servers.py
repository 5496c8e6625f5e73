"""Several servers on one store have the same kinds, from their start on."""

from __future__ import annotations

import pytest
from followed import AGGREGATED, BOATS, BOATS_2, SOON, Watched, add, change, document, is_unknown
from toys import GROUP, TOYS, Toys, boat, toy

from sampan.contracts.store import Unavailable
from sampan.hookspecs import hookimpl
from sampan_memory.store import MemoryStore
from sampan_testing.cluster import start, until


class Shared:
    """A plugin that gives several clusters the same store."""

    def __init__(self, store):
        self._store = store

    def __getattr__(self, name):
        return getattr(self._store, name)

    def close(self):
        pass

    @hookimpl
    def provide_store(self, url):
        return self


@pytest.fixture
def store():
    store = MemoryStore()
    yield Shared(store)
    store.close()


def on(store, toys, *more):
    return start({"toys": toys, "shared": store}, only=("namespaces", *more), control=False)


def test_a_store_that_is_away_delays_the_kind_in_all_its_versions(store, toys):
    with on(store, toys) as cluster:
        failures = [Unavailable("away")]

        def page(prefix, **more):
            if prefix == f"/{GROUP}/boats/" and failures:
                raise failures.pop()
            return MemoryStore.page(store._store, prefix, **more)

        store.page = page
        cluster.client.create(TOYS, toy(versions=["v1", "v2"], stored="v2"))

        until(lambda: any(toys.source.refusals), SOON)  # it is asked again, and may serve them by now
        [refused] = filter(None, toys.source.refusals)
        assert refused == dict.fromkeys(["boats/v1", "boats/v2"], "the store cannot be read: away")
        until(lambda: cluster.client.list(BOATS).items == [], SOON)
        until(lambda: toys.source.refused == {}, SOON)


def test_kinds_are_there_when_a_server_begins(store, toys):
    with on(store, Toys()) as first:
        add(first.client)
        first.client.create(BOATS, boat(crew=1), "default")
    with on(store, toys) as second:
        assert second.client.get(BOATS, "a", "default")["spec"] == {"crew": 1}


def test_two_servers_on_one_store_agree(store, toys):
    with on(store, Toys()) as one, on(store, toys) as other:
        add(one.client, versions=["v1", "v2"])
        until(lambda: other.client.list(BOATS) or True, SOON)
        one.client.create(BOATS, boat(crew=1), "default")
        assert other.client.get(BOATS_2, "a", "default")["spec"] == {"sailors": 1}
        documents = [document(each.client, "/apis", **AGGREGATED) for each in (one, other)]
        assert documents[0] == documents[1]
        following = Watched(other.client, BOATS)
        until(lambda: following.events, SOON)

        change(one.client, crew={"type": "string"})
        assert following.ended.wait(SOON)
        until(lambda: is_unknown(other.client, BOATS_2), SOON)
        other.client.create(BOATS, boat("b", crew="x"), "default")
        assert one.client.get(BOATS, "b", "default")["spec"] == {"crew": "x"}

        other.client.delete(TOYS, "boats")
        until(lambda: is_unknown(one.client) and is_unknown(other.client), SOON)
        following.close()
