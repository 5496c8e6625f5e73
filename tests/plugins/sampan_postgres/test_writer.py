from __future__ import annotations

import psycopg
import pytest

from sampan.contracts.store import Put, Unavailable
from sampan_postgres.store import PostgresStore
from sampan_testing.followers import Answers


@pytest.fixture
def store(options):
    store = PostgresStore(options)
    yield store
    store.close()


def test_a_key_that_is_no_text_harms_no_other_commit(store):
    answers = Answers()
    for number, key in enumerate(("/a", "/b\0", "/c", "/d\0", "/e")):
        store.submit((Put(key, b""),), answers.note(number))

    found = dict(answers.wait(5))

    assert [type(found[number]) for number in range(5)] == [int, Unavailable, int, Unavailable, int]
    assert [entry.key for entry in store.page("").entries] == ["/a", "/c", "/e"]
    with pytest.raises(ValueError):
        store.commit(Put("/f\udcff", b""))


def test_who_is_stopped_with_the_lock_in_hand_loses_it(store, options, postgres, monkeypatch):
    """A server that was stopped in the middle of a transaction stops the others for some seconds only."""
    with psycopg.connect(postgres.url, autocommit=True) as stopped:
        stopped.execute("SET idle_in_transaction_session_timeout = '1s'")  # what connect() sets, but sooner
        stopped.execute(f"SET search_path = {options.schema}")
        stopped.execute("BEGIN")
        stopped.execute("SELECT revision FROM head FOR UPDATE")

        assert store.commit(Put("/a", b"")) == 2
        with pytest.raises(psycopg.Error):
            stopped.execute("COMMIT")


def test_submitted_together_they_share_a_transaction(store, options, postgres):
    with store._reader._connection() as connection, psycopg.connect(postgres.url, autocommit=True) as holding:
        answers = Answers()
        store.commit(Put("/warm", b""))
        holding.execute(f"SET search_path = {options.schema}")
        holding.execute("BEGIN")
        holding.execute("SELECT revision FROM head FOR UPDATE")  # the writer waits until all are there
        for number in range(200):
            store.submit((Put(f"/{number}", b""),), answers.note(number))
        holding.execute("COMMIT")
        answers.wait(200)
        distinct = connection.execute("SELECT count(DISTINCT xmin::text) FROM log").fetchone()[0]

    assert distinct < 100
