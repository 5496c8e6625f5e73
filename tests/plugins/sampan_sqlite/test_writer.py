from __future__ import annotations

import dataclasses
import resource
import signal
import sqlite3
from contextlib import contextmanager

import pytest

from sampan.contracts.store import Put, Unavailable
from sampan_sqlite.options import Options
from sampan_sqlite.store import SqliteStore
from sampan_testing.followers import following


@pytest.fixture
def options(tmp_path):
    return Options(str(tmp_path / "store.db"), synchronous="normal", busy_seconds=0)


@pytest.fixture
def store(options):
    store = SqliteStore(options)
    yield store
    store.close()


@contextmanager
def file_size_limit(size):
    """As good as a full disk: the kernel refuses to let any file of this process grow beyond."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_full_disk_is_unavailable_and_then_forgotten(store):
    store.commit(Put("/a", b"1"))
    with following(store, 1) as follower:
        with file_size_limit(200_000):
            with pytest.raises(Unavailable):
                store.commit(Put("/big", b"x" * 1_000_000))
            assert store.get("/a").value == b"1"
        last = store.commit(Put("/a", b"2"))

        assert [change.value for change in follower.until(last)] == [b"1", b"2"]
    assert store.get("/big") is None


def test_a_file_locked_by_another_process_is_unavailable_until_it_is_unlocked(store, options):
    other = sqlite3.connect(options.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable):
        store.commit(Put("/a", b"1"))
    other.execute("ROLLBACK")
    other.close()

    assert store.commit(Put("/a", b"1")) == 2


def test_a_commit_that_cannot_be_stored_does_not_spoil_its_group(store):
    answers = {}
    for number, key in enumerate(["/a", "/\udc80", "/b"]):
        store.submit([Put(key, b"")], lambda answer, number=number: answers.update({number: answer}))
    store.commit(Put("/c", b""))

    assert isinstance(answers.pop(1), Unavailable)
    assert answers == {0: 2, 2: 3}


def test_what_another_program_writes_is_told_before_what_follows(options):
    patient = dataclasses.replace(options, busy_seconds=5)
    store, second = SqliteStore(patient), SqliteStore(patient)
    try:
        with following(store, 1) as follower:
            for _ in range(5):
                second.commit(Put("/a", b"theirs"))
                last = store.commit(Put("/a", b"ours"))
            assert [change.revision for change in follower.until(last)] == list(range(2, 12))
    finally:
        second.close()
        store.close()
