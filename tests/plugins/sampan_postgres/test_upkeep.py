from __future__ import annotations

from clusters import until

from sampan.contracts.store import Delete, Put
from sampan_postgres.store import PostgresStore
from sampan_testing.followers import following


def rows(store, table):
    with store._reader._connection() as connection:
        return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def test_what_is_compacted_goes_in_time(options):
    store = PostgresStore(options)
    for number in range(300):
        store.commit(Put("/a", str(number).encode()), Put(f"/b/{number}", b""))
    for number in range(300):
        last = store.commit(Delete(f"/b/{number}"))

    store.compact(last)

    until(lambda: rows(store, "log") == 1)
    assert store.get("/a").value == b"299"
    assert store.commit(Put("/a", b"more")) == last + 1
    store.close()


def test_another_server_takes_over_when_the_one_ends(options):
    store, second = PostgresStore(options), PostgresStore(options)
    until(lambda: store._upkeep._chosen or second._upkeep._chosen)
    first, other = (store, second) if store._upkeep._chosen else (second, store)
    assert not other._upkeep._chosen
    with following(other, 1) as follower:
        other.commit(Put("/a", b"1", ttl=2))
        first.close()
        assert follower.until_some(2)[-1] == (3, "/a", None, b"1", 2)
    until(lambda: rows(other, "expiring") == 0)
    other.close()
