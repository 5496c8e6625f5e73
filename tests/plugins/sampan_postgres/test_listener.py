"""A PostgreSQL that goes away and comes back, and connections that are cut."""

from __future__ import annotations

import signal
import threading

import pytest
from clusters import until
from postgreses import Postgres

from sampan.contracts.store import Put, Unavailable
from sampan_postgres.options import read_url
from sampan_postgres.store import PostgresStore
from sampan_testing.followers import assert_gap_free, following


@pytest.fixture
def own_server():
    server = Postgres()
    try:
        server.start()
        yield server
    finally:
        server.remove()


def test_nothing_acknowledged_is_lost_when_the_server_crashes(own_server, monkeypatch):
    monkeypatch.setattr("sampan_postgres.listener.PATIENCE", 60.0)  # however long this machine takes to start it again
    store = PostgresStore(read_url(own_server.url))
    written: dict[int, str] = {}
    unsure: set[str] = set()
    stop = threading.Event()

    def write(number):
        turn = 0
        while not stop.is_set():
            key, turn = f"/{number}/{turn}", turn + 1
            try:
                written[store.commit(Put(key, key.encode(), expect=0))] = key
            except Unavailable:
                unsure.add(key)
                stop.wait(0.01)

    with following(store, 1) as follower:
        writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
        for writer in writers:
            writer.start()
        follower.until_some(200)
        own_server.stop(signal.SIGQUIT)
        own_server.start()
        follower.until_some(len(follower.changes()) + 200)
        stop.set()
        for writer in writers:
            writer.join(30)
        changes = follower.until(store.revision())
    entries = {entry.key: entry.revision for entry in store.page("").entries}
    store.close()

    assert_gap_free(changes, 1)
    assert {change.revision: change.key for change in changes if change.key not in unsure} == written
    assert {key: revision for key, revision in entries.items() if key not in unsure} == {
        key: revision for revision, key in written.items()
    }


def test_cut_connections_are_made_again(postgres, options, monkeypatch):
    monkeypatch.setattr("sampan_postgres.listener.PATIENCE", 60.0)
    store, second = PostgresStore(options), PostgresStore(options)
    with following(store, 1) as follower:
        follower.until(store.commit(Put("/a", b"1")))
        with second._reader._connection() as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'sampan'"
                " AND pid <> pg_backend_pid()"
            )

        assert store.get("/a") is not None
        revision = second.commit(Put("/b", b"2"))  # heard by the other once it listens again
        follower.until(revision)
        assert store.commit(Put("/c", b"3")) == revision + 1
        assert [change.key for change in follower.until(revision + 1)] == ["/a", "/b", "/c"]
    store.close()
    second.close()


def test_watches_are_told_when_the_server_answers_no_more(own_server, monkeypatch):
    monkeypatch.setattr("sampan_postgres.listener.PATIENCE", 0.2)
    store = PostgresStore(read_url(own_server.url))
    with following(store, 1) as follower:
        own_server.stop()
        assert follower.ended()
        assert isinstance(follower.error, Unavailable)
    with pytest.raises(Unavailable):
        store.revision()
    with pytest.raises(Unavailable):
        store.commit(Put("/a", b""))

    monkeypatch.setattr("sampan_postgres.listener.PATIENCE", 60.0)
    own_server.start()
    until(lambda: store._feed._lost is None)
    revision = store.commit(Put("/a", b""))
    with following(store, 1) as follower:
        follower.until(revision)
    store.close()
