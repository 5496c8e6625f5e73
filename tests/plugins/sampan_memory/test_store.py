from __future__ import annotations

import pytest

from sampan.contracts.store import Compacted, Put
from sampan_memory.store import MemoryStore, Retention, retention
from sampan_testing.store import StoreContract


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def store(self):
        store = MemoryStore()
        yield store
        store.close()


@pytest.fixture
def now():
    return [1000.0]


@pytest.fixture
def brief(now):
    store = MemoryStore(Retention(seconds=60, commits=5), clock=lambda: now[0])
    yield store
    store.close()


def test_history_is_bounded_by_the_number_of_commits(brief):
    for number in range(20):
        brief.commit(Put("/a", str(number).encode()))

    assert brief.get("/a", revision=16).value == b"14"
    with pytest.raises(Compacted):
        brief.get("/a", revision=15)


def test_history_is_bounded_by_age(brief, now):
    for number in range(4):
        brief.commit(Put("/a", str(number).encode()))
    now[0] += 61
    last = brief.commit(Put("/a", b"late"))

    assert brief.get("/a", revision=last - 1).value == b"3"
    with pytest.raises(Compacted):
        brief.get("/a", revision=last - 2)


def test_a_longer_history_is_kept_and_a_shorter_one_changes_nothing():
    assert retention(300.0) == Retention()
    assert retention(6000.0) == Retention(6600.0, 220_000)
