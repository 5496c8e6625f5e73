from __future__ import annotations

import sqlite3

import pytest

from sampan.contracts.store import Compacted, Delete, Put
from sampan_sqlite.compaction import Compaction
from sampan_sqlite.options import Options
from sampan_sqlite.schema import connect
from sampan_sqlite.store import SqliteStore


def rows(path):
    connection = sqlite3.connect(path)
    try:
        return connection.execute("SELECT count(*) FROM log").fetchone()[0]
    finally:
        connection.close()


def test_the_log_holds_no_more_than_is_kept_while_one_key_is_written_for_ever(tmp_path):
    options = Options(str(tmp_path / "store.db"), synchronous="off", keep_commits=100)
    store = SqliteStore(options)
    for number in range(3000):
        store.submit([Put("/lease", b"%d" % number)], lambda answer: None)
    last = store.commit(Delete("/lease"))
    assert rows(options.path) < 800
    with pytest.raises(Compacted):
        store.get("/lease", revision=last - 1000)
    assert store.get("/lease", revision=last - 50) is not None
    store.close()


def test_of_what_was_deleted_only_the_newest_commit_and_what_it_replaced_stay(tmp_path):
    options = Options(str(tmp_path / "store.db"), synchronous="off")
    store = SqliteStore(options)
    for number in range(20):
        store.commit(Put(f"/{number}", b""))
        last = store.commit(Delete(f"/{number}"))
    store.compact(last)
    store.close()

    assert rows(options.path) == 2


def test_what_is_older_than_kept_is_wanted_gone(tmp_path):
    options = Options(str(tmp_path / "store.db"), synchronous="off", keep_seconds=60)
    SqliteStore(options).close()
    compaction = Compaction(options)
    for second, newest in ((0, 5), (5, 7), (20, 9), (59, 30)):
        compaction.mark(second, newest)
    connection = connect(options)
    compaction.step(connection, 30, 10)

    compaction.mark(60.0, 31)

    assert compaction.due(31)
    compaction.step(connection, 31, 10)
    assert connection.execute("SELECT value FROM bounds WHERE name = 'oldest'").fetchone() == (5,)
    connection.close()


def test_compacting_into_the_future_is_done_once(tmp_path):
    options = Options(str(tmp_path / "store.db"), synchronous="off")
    SqliteStore(options).close()
    compaction = Compaction(options)
    connection = connect(options)
    compaction.want(1000)
    compaction.step(connection, 1, 10)

    assert not compaction.due(1)
    connection.close()
