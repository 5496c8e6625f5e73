from __future__ import annotations

import pytest

from sampan.contracts.store import Put, Unavailable
from sampan_postgres.store import PostgresStore
from sampan_testing.followers import in_threads


def test_several_may_make_the_tables_at_once(options):
    opened = []
    in_threads(6, lambda _: opened.append(PostgresStore(options)))

    assert {store.revision() for store in opened} == {1}
    for store in opened:
        store.close()


def test_tables_of_a_newer_version_are_left_alone(options):
    store = PostgresStore(options)
    with store._reader._connection() as connection:
        connection.execute("UPDATE format SET version = 99")
    store.close()

    with pytest.raises(Unavailable, match="newer sampan"):
        PostgresStore(options)


def test_a_prefix_is_a_range_of_the_index(options):
    store = PostgresStore(options)
    store.commit(*(Put(f"/{number % 50}/{number}", b"x") for number in range(5000)))
    with store._reader._connection() as connection:
        connection.execute("ANALYZE current")
        plan = connection.execute(
            "EXPLAIN SELECT key FROM current WHERE key >= '/7/' AND key < '/7/\U0010ffff' ORDER BY key"
        ).fetchall()
    store.close()

    assert "Index Cond" in str(plan)
    assert "Seq Scan" not in str(plan)
