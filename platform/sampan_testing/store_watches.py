"""The part of the suite for stores that is about time: watches, compaction, entries that expire.

Every ``StoreContract`` has these tests; the fixture ``store`` is its own.
"""

from __future__ import annotations

import pytest

from sampan.contracts.store import Compacted, Delete, Put, Store
from sampan_testing.followers import Follower, assert_gap_free, following, in_threads, keys


class StoreWatches:
    """Needs the fixture ``store``: a new, empty store."""

    # watching

    def test_a_watch_yields_what_changed_and_how(self, store: Store) -> None:
        with following(store, store.revision()) as follower:
            store.commit(Put("/a", b"1"))
            store.commit(Put("/a", b"2"))
            store.commit(Delete("/a"))
            last = store.commit(Put("/a", b"3"))

            assert follower.until(last) == [
                (2, "/a", b"1", None, 0),
                (3, "/a", b"2", b"1", 2),
                (4, "/a", None, b"2", 3),
                (5, "/a", b"3", None, 0),
            ]

    def test_a_watch_from_the_past_continues_into_the_present(self, store: Store) -> None:
        for number in range(20):
            store.commit(Put("/a", str(number).encode()))

        with following(store, 11) as follower:
            follower.until(21)
            last = store.commit(Put("/b", b""))
            changes = follower.until(last)

        assert [change.revision for change in changes] == list(range(12, 23))
        assert changes[0] == (12, "/a", b"10", b"9", 11)

    def test_a_watch_from_the_future_waits_for_it(self, store: Store) -> None:
        with following(store, 3) as follower:
            for number in range(4):
                last = store.commit(Put("/a", str(number).encode()))

            assert [change.revision for change in follower.until(last)] == [4, 5]

    def test_a_commit_is_never_split(self, store: Store) -> None:
        with following(store, 1) as follower:
            for number in range(10):
                last = store.commit(*(Put(f"/{number}/{part}", b"") for part in range(25)))
            follower.until(last)
        with following(store, 1) as late:
            late.until(last)

        for batches in (follower.batches, late.batches):
            for revision, changes in batches:
                assert len(changes) % 25 == 0
                assert not changes or changes[-1].revision == revision

    def test_watches_miss_nothing_while_many_write(self, store: Store) -> None:
        early = Follower(store.watch(1))

        def write(number: int) -> None:
            for turn in range(20):
                store.commit(Put(f"/{number}", str(turn).encode()))
                if turn == 10:
                    with following(store, 1) as late:
                        late.until(store.revision())
                        assert_gap_free(late.changes(), 1)

        in_threads(6, write)
        early.until(121)
        early.close()

        assert_gap_free(early.changes(), 1)
        assert len(early.changes()) == 120

    def test_closing_a_watch_ends_it_at_once(self, store: Store) -> None:
        follower = Follower(store.watch(1))
        store.commit(Put("/a", b""))
        follower.until(2)

        follower.close()

        assert follower.error is None

    def test_closing_the_store_ends_its_watches(self, store: Store) -> None:
        follower = Follower(store.watch(1))
        store.commit(Put("/a", b""))
        follower.until(2)

        store.close()

        assert follower.ended()

    # compaction

    def test_compaction_forgets_the_past_and_nothing_else(self, store: Store) -> None:
        for number in range(10):
            store.commit(Put("/a", str(number).encode()), Put(f"/b/{number}", b""))
        store.commit(Delete("/b/0"))
        before = store.page("")

        store.compact(8)

        assert store.page("") == before
        assert store.get("/a", revision=8) == ("/a", b"6", 8, 2)
        assert len(store.page("/b/", revision=8).entries) == 7
        for read in (lambda: store.get("/a", revision=7), lambda: store.page("", revision=1)):
            with pytest.raises(Compacted) as caught:
                read()
            assert caught.value.oldest == 8

    def test_compacting_to_the_newest_keeps_the_present(self, store: Store) -> None:
        store.commit(Put("/a", b"1"), Put("/b", b"1"))
        store.commit(Put("/a", b"2"))
        last = store.commit(Delete("/b"))

        store.compact(last)

        assert store.page("").entries == [("/a", b"2", 3, 2)]
        assert store.revision() == last
        assert store.commit(Put("/b", b"", expect=0)) == last + 1

    def test_compacting_backwards_changes_nothing(self, store: Store) -> None:
        for number in range(5):
            store.commit(Put("/a", str(number).encode()))
        store.compact(5)

        store.compact(3)

        with pytest.raises(Compacted):
            store.get("/a", revision=4)
        assert store.get("/a", revision=5) == ("/a", b"3", 5, 2)

    def test_a_watch_from_before_a_compaction_raises_compacted(self, store: Store) -> None:
        for number in range(10):
            store.commit(Put("/a", str(number).encode()))
        store.compact(8)

        follower = Follower(store.watch(7))
        assert follower.ended()
        with following(store, 8) as allowed:
            changes = allowed.until(11)

        assert isinstance(follower.error, Compacted)
        assert [change.revision for change in changes] == [9, 10, 11]
        assert changes[0].previous == b"6"

    def test_a_watch_in_the_present_survives_compaction(self, store: Store) -> None:
        with following(store, 1) as follower:
            for number in range(10):
                last = store.commit(Put("/a", str(number).encode()))
                follower.until(last)
                store.compact(last)

            assert_gap_free(follower.changes(), 1)

    # time

    def test_an_entry_with_a_ttl_goes_away_and_watchers_see_it(self, store: Store) -> None:
        with following(store, 1) as follower:
            store.commit(Put("/short", b"1", ttl=1), Put("/kept", b"1", ttl=1), Put("/long", b"1", ttl=3600))
            store.commit(Put("/kept", b"2"))
            changes = follower.until_some(5)

        assert changes[-1] == (4, "/short", None, b"1", 2)
        assert keys(store.page("").entries) == ["/kept", "/long"]

    def test_a_new_ttl_replaces_the_old_one(self, store: Store) -> None:
        with following(store, 1) as follower:
            store.commit(Put("/longer", b"1", ttl=1))
            store.commit(Put("/longer", b"2", ttl=3600))
            store.commit(Put("/shorter", b"1", ttl=3600))
            last = store.commit(Put("/shorter", b"2", ttl=1))
            changes = follower.until_some(5)

        assert changes[-1] == (last + 1, "/shorter", None, b"2", last)
        assert keys(store.page("").entries) == ["/longer"]
