from __future__ import annotations

import pytest

from sampan.contracts.store import Put
from sampan_operate.cli.unserved import unserved
from sampan_server.plugins.plugins import Plugins


@pytest.fixture
def store():
    one = Plugins().first("provide_store", url="memory://", history=0.0)
    yield one
    one.close()


def test_kinds_that_are_stored_and_not_served_are_counted(store):
    for key in ("/core/pods/a/b", "/web.example.org/websites/a/b", "/web.example.org/websites/a/c", "/core/gone/x"):
        store.commit(Put(key, b"{}"))

    assert list(unserved(store, {"pods"})) == [("gone", 1), ("websites.web.example.org", 2)]
    assert list(unserved(store, {"pods", "gone", "websites.web.example.org"})) == []


def test_it_costs_a_few_reads_a_kind_however_many_objects(store):
    for n in range(500):
        store.commit(Put(f"/core/gone/{n}", b"{}"))
    asked = []
    page = store.page
    store.page = lambda *args, **more: asked.append(args) or page(*args, **more)

    assert list(unserved(store, set())) == [("gone", 500)]
    assert len(asked) <= 3
