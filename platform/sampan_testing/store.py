"""The test suite for stores, first-party and third-party.

Subclass ``StoreContract`` in a test module and define the fixture ``store`` (a new, empty store, closed afterwards);
``DurableStoreContract`` for a store with persistent data (fixture ``reopen``); ``SharedStoreContract`` for one that
several processes may open (fixture ``second``); ``DistantStoreContract`` for one of those across a network. Needs
pytest; must not know any backend.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sampan.contracts.store import Compacted, Delete, Op, Put, Stale, Store, Unavailable
from sampan.errors import SampanError
from sampan_testing.followers import Answers, assert_gap_free, following, in_threads, increment, keys
from sampan_testing.store_watches import StoreWatches


class StoreContract(StoreWatches):
    """Tests for every store."""

    @pytest.fixture
    def store(self) -> Iterator[Store]:
        raise NotImplementedError("the backend's test gives a fixture `store`")

    # reading

    def test_an_empty_store_is_at_revision_one(self, store: Store) -> None:
        assert store.revision() == 1
        assert store.get("/a") is None
        assert store.page("") == ([], 1, False, 0)

    def test_what_was_put_is_got(self, store: Store) -> None:
        first = store.commit(Put("/a", b"\x00one\xff"))
        second = store.commit(Put("/a", b""))

        assert first == 2
        assert store.get("/a") == ("/a", b"", second, first)
        assert store.get("/a", revision=first) == ("/a", b"\x00one\xff", first, first)
        assert store.get("/a", revision=1) is None

    def test_a_key_made_again_has_a_new_creation_revision(self, store: Store) -> None:
        store.commit(Put("/a", b"1"))
        gone = store.commit(Delete("/a"))
        again = store.commit(Put("/a", b"2"))

        assert store.get("/a", revision=gone) is None
        assert store.get("/a") == ("/a", b"2", again, again)

    def test_a_page_holds_the_prefix_in_key_order(self, store: Store) -> None:
        for key in ("/b/2", "/b/1", "/a/9", "/b/10", "/c/1", "/b", "/b/é", "/b/\U0001f6f6"):
            last = store.commit(Put(key, key.encode()))
        store.commit(Delete("/c/1"))

        page = store.page("/b/")

        assert keys(page.entries) == ["/b/1", "/b/10", "/b/2", "/b/é", "/b/\U0001f6f6"]
        assert page.entries[0] == ("/b/1", b"/b/1", 3, 3)
        assert (page.revision, page.more, page.remaining) == (last + 1, False, 0)
        assert keys(store.page("").entries) == ["/a/9", "/b", "/b/1", "/b/10", "/b/2", "/b/é", "/b/\U0001f6f6"]

    def test_pages_follow_each_other_as_of_one_revision(self, store: Store) -> None:
        store.commit(*(Put(f"/p/{number:03}", b"x") for number in range(7)))
        first = store.page("/p/", limit=3)
        store.commit(Put("/p/003a", b"new"), Delete("/p/004"), Put("/p/005", b"y"))

        second = store.page("/p/", after=first.entries[-1].key, limit=3, revision=first.revision)
        third = store.page("/p/", after=second.entries[-1].key, limit=3, revision=first.revision)

        assert (first.more, first.remaining, keys(first.entries)) == (True, 4, ["/p/000", "/p/001", "/p/002"])
        assert (second.more, second.remaining, keys(second.entries)) == (True, 1, ["/p/003", "/p/004", "/p/005"])
        assert second.entries[2].value == b"x"
        assert (third.more, third.remaining, keys(third.entries)) == (False, 0, ["/p/006"])
        assert {first.revision} == {second.revision, third.revision}
        assert keys(store.page("/p/", after="/p/003").entries) == ["/p/003a", "/p/005", "/p/006"]

    def test_a_page_of_exactly_the_limit_has_no_more(self, store: Store) -> None:
        store.commit(Put("/p/1", b""), Put("/p/2", b""), Put("/q", b""))

        assert store.page("/p/", limit=2)[2:] == (False, 0)

    def test_reading_ahead_of_time_reads_the_newest(self, store: Store) -> None:
        now = store.commit(Put("/a", b"1"))

        assert store.page("", revision=now + 100).revision == now
        assert store.get("/a", revision=now + 100) == ("/a", b"1", now, now)

    def test_a_page_as_of_the_newest_stays_so_while_others_write(self, store: Store) -> None:
        store.commit(Put("/p/0", b""))

        def write(_: int) -> None:
            for turn in range(30):
                store.commit(Put(f"/p/{turn}", b""))

        def read(_: int) -> None:
            for _turn in range(30):
                newest = store.revision()
                page = store.page("/p/", revision=newest)
                assert page.revision == newest
                assert max(entry.revision for entry in page.entries) == newest

        in_threads(4, lambda number: (write, read)[number % 2](number))

    # writing

    def test_revisions_grow_by_one_with_each_commit(self, store: Store) -> None:
        revisions = [store.commit(Put("/a", b"same"), Put(f"/{number}", b"")) for number in range(5)]

        assert revisions == [2, 3, 4, 5, 6]
        assert store.revision() == 6

    def test_one_commit_has_one_revision(self, store: Store) -> None:
        store.commit(Put("/old", b""))
        revision = store.commit(Put("/a", b"1"), Delete("/old"), Put("/b", b"2"))

        assert {entry.revision for entry in store.page("").entries} == {revision}
        assert store.get("/old") is None

    @pytest.mark.parametrize("op", [Put("/a", b"2", expect=0), Put("/a", b"2", expect=3), Delete("/a", expect=9)])
    def test_a_stale_expectation_is_refused(self, store: Store, op: Op) -> None:
        store.commit(Put("/a", b"1"))

        with pytest.raises(Stale) as caught:
            store.commit(op)

        assert caught.value.key == "/a"
        assert store.revision() == 2
        assert store.get("/a") == ("/a", b"1", 2, 2)

    def test_expectations_that_hold_are_accepted(self, store: Store) -> None:
        first = store.commit(Put("/a", b"1", expect=0))
        second = store.commit(Put("/a", b"2", expect=first))
        store.commit(Delete("/a", expect=second))

        assert store.commit(Put("/a", b"3", expect=0)) == second + 2

    def test_an_expected_revision_of_an_absent_key_is_stale(self, store: Store) -> None:
        gone = [store.commit(Put("/a", b"1")), store.commit(Delete("/a"))]

        for revision in gone:
            with pytest.raises(Stale):
                store.commit(Put("/a", b"", expect=revision))
            with pytest.raises(Stale):
                store.commit(Delete("/a", expect=revision))

    def test_a_commit_is_all_or_nothing(self, store: Store) -> None:
        store.commit(Put("/a", b"1"))

        with pytest.raises(Stale):
            store.commit(Put("/b", b"2"), Put("/a", b"2", expect=0))

        assert store.get("/b") is None
        assert store.revision() == 2

    def test_deleting_what_is_absent_makes_no_revision(self, store: Store) -> None:
        now = store.commit(Put("/a", b"1"))

        assert store.commit(Delete("/x"), Delete("/y", expect=0)) == now
        assert store.revision() == now

    def test_naming_a_key_twice_or_none_is_refused(self, store: Store) -> None:
        for ops in ((), (Put("/a", b""), Delete("/a"))):
            with pytest.raises(ValueError):
                store.commit(*ops)
            with pytest.raises(ValueError):
                store.submit(ops, lambda answer: None)

    def test_no_update_is_lost_between_threads(self, store: Store) -> None:
        in_threads(8, lambda _: increment(store, "/counter", 10))

        entry = store.get("/counter")
        assert entry is not None
        assert entry.value == b"80"
        assert store.revision() == 81

    def test_an_acknowledged_commit_is_seen_by_every_thread(self, store: Store) -> None:
        def write_and_read(number: int) -> None:
            for turn in range(10):
                revision = store.commit(Put(f"/{number}", str(turn).encode()))
                assert store.revision() >= revision
                assert store.page("/").revision >= revision

        in_threads(6, write_and_read)

    # submitting

    def test_submitted_commits_answer_in_the_order_of_their_revisions(self, store: Store) -> None:
        answers = Answers()
        for number in range(50):
            store.submit((Put(f"/{number % 7}", str(number).encode()),), answers.note(number))

        found = answers.wait(50)

        assert [answer for _, answer in found] == list(range(2, 52))
        assert store.revision() == 51
        for key in range(7):  # commits with a common key take effect in the order of submission
            assert [number for number, _ in found if number % 7 == key] == list(range(key, 50, 7))

    def test_submitted_commits_see_each_other(self, store: Store) -> None:
        answers = Answers()
        store.submit((Put("/a", b"1", expect=0),), answers.note(0))
        store.submit((Put("/a", b"2", expect=0),), answers.note(1))
        store.submit((Put("/a", b"3", expect=2),), answers.note(2))
        store.submit((Delete("/a", expect=3),), answers.note(3))
        store.submit((Delete("/a"),), answers.note(4))
        store.submit((Put("/a", b"4", expect=0),), answers.note(5))

        answers.wait(6)
        by_number = dict(answers.found)

        assert isinstance(by_number.pop(1), Stale)
        assert by_number == {0: 2, 2: 3, 3: 4, 4: 4, 5: 5}
        assert store.get("/a") == ("/a", b"4", 5, 5)

    def test_a_failing_callback_affects_no_other(self, store: Store) -> None:
        answers = Answers()

        def failing(answer: int | SampanError) -> None:
            raise RuntimeError("the callback's own fault")

        store.submit((Put("/a", b"1"),), failing)
        store.submit((Put("/a", b"2"),), answers.note(0))

        assert answers.wait(1) == [(0, 3)]

    def test_a_callback_may_submit(self, store: Store) -> None:
        answers = Answers()
        store.submit((Put("/a", b""),), lambda _: store.submit((Put("/b", b""),), answers.note(0)))

        assert answers.wait(1) == [(0, 3)]

    def test_close_finishes_what_was_submitted(self, store: Store) -> None:
        answers = Answers()
        for number in range(30):
            store.submit((Put(f"/{number}", b""),), answers.note(number))

        store.close()

        assert [answer for _, answer in answers.wait(30)] == list(range(2, 32))
        with pytest.raises(Unavailable):
            store.commit(Put("/late", b""))
        with pytest.raises(Unavailable):
            store.revision()


class DurableStoreContract(StoreContract):
    """Further tests for stores with persistent data."""

    @pytest.fixture
    def reopen(self, store: Store) -> Callable[[], Store]:
        """Close the store and open it again; the fixture closes the stores that it opened."""
        raise NotImplementedError("the backend's test gives a fixture `reopen`")

    def test_reopening_finds_everything(self, store: Store, reopen: Callable[[], Store]) -> None:
        for number in range(10):
            store.commit(Put("/a", str(number).encode()), Put(f"/b/{number}", b"x"))
        last = store.commit(Delete("/b/3"))
        store.compact(5)
        before = store.page("")

        again = reopen()

        assert again.revision() == last
        assert again.page("") == before
        assert again.get("/a", revision=6) == ("/a", b"4", 6, 2)
        with pytest.raises(Compacted):
            again.get("/a", revision=4)
        with following(again, 6) as follower:
            assert_gap_free(follower.until(again.commit(Put("/a", b"more"))), 6)

    def test_revisions_never_start_again(self, store: Store, reopen: Callable[[], Store]) -> None:
        store.commit(Put("/a", b""))
        last = store.commit(Delete("/a"))
        store.compact(last)

        again = reopen()

        assert again.revision() == last
        assert again.commit(Put("/a", b"")) == last + 1


class SharedStoreContract(DurableStoreContract):
    """Further tests for stores that several processes, or handles, may open."""

    @pytest.fixture
    def second(self, store: Store) -> Iterator[Store]:
        """Another handle on the same data."""
        raise NotImplementedError("the backend's test gives a fixture `second`")

    def test_the_other_handle_sees_each_commit_at_once(self, store: Store, second: Store) -> None:
        for number, (writer, reader) in enumerate([(store, second), (second, store)] * 5):
            revision = writer.commit(Put("/a", str(number).encode()))

            assert reader.revision() == revision
            entry = reader.get("/a")
            assert entry is not None
            assert entry.revision == revision

    def test_the_other_handle_refuses_what_is_stale(self, store: Store, second: Store) -> None:
        first = store.commit(Put("/a", b"1"))
        assert second.commit(Put("/a", b"2", expect=first)) == first + 1

        with pytest.raises(Stale):
            store.commit(Put("/a", b"3", expect=first))

    def test_the_other_handles_watch_wakes(self, store: Store, second: Store) -> None:
        with following(second, second.revision()) as follower:
            for number in range(10):
                revision = store.commit(Put("/a", str(number).encode()))
                assert follower.until(revision)[-1].revision == revision

    def test_both_handles_yield_one_order(self, store: Store, second: Store) -> None:
        handles = (store, second)
        with following(store, 1) as one, following(second, 1) as other:
            in_threads(4, lambda number: increment(handles[number % 2], "/n", 10))
            assert one.until(41) == other.until(41)

            assert_gap_free(one.changes(), 1)
            assert [change.value for change in one.changes()] == [str(n).encode() for n in range(1, 41)]
            assert one.changes()[-1].previous == b"39"

    def test_writers_on_both_handles_are_seen_by_both_watches(self, store: Store, second: Store) -> None:
        handles = (store, second)
        with following(store, 1) as one, following(second, 1) as other:

            def write(number: int) -> None:
                for turn in range(25):
                    revision = handles[number % 2].commit(
                        Put(f"/{number}/{turn}", b"1"), Put(f"/{number}", b"%d" % turn)
                    )
                    assert handles[(number + 1) % 2].revision() >= revision

            in_threads(4, write)
            seen = one.until(101)

            assert other.until(101) == seen
            assert_gap_free(seen, 1)
            assert len(seen) == 200
            for follower in (one, other):  # no commit is split
                assert all(len(changes) % 2 == 0 for _, changes in follower.batches)

    def test_an_expired_entry_is_deleted_once_for_both_handles(self, store: Store, second: Store) -> None:
        with following(store, 1) as one, following(second, 1) as other:
            store.commit(Put("/a", b"1", ttl=1))
            changes = other.until_some(2)

            assert changes == [(2, "/a", b"1", None, 0), (3, "/a", None, b"1", 2)]
            assert one.until(3) == changes
            assert second.commit(Put("/b", b"")) == 4

    def test_compaction_through_one_handle_holds_for_the_other(self, store: Store, second: Store) -> None:
        for number in range(10):
            store.commit(Put("/a", str(number).encode()))

        store.compact(8)
        last = store.commit(Put("/b", b""))  # a store may compact asynchronously, but not much later than a commit
        store.revision()

        assert second.get("/a", revision=8) == ("/a", b"6", 8, 2)
        with following(second, 8) as follower:
            assert [change.revision for change in follower.until(last)] == [9, 10, 11, 12]
        with pytest.raises(Compacted) as caught:
            second.get("/a", revision=7)
        assert caught.value.oldest == 8


class DistantStoreContract(SharedStoreContract):
    """Further tests for stores across a network, whose revision is read asynchronously
    (contracts.store.DistantStore)."""

    def test_the_revision_asked_for_includes_every_acknowledged_commit(self, store: Any, second: Any) -> None:
        for number in range(20):
            writer, reader = ((store, second), (second, store))[number % 2]
            answers = Answers()
            revision = writer.commit(Put("/a", str(number).encode()))
            for question in range(3):
                reader.ask_revision(answers.note(question))
            assert {answer for _, answer in answers.wait(3)} == {revision}

    def test_a_closed_store_raises_unavailable(self, store: Any) -> None:
        store.close()
        answers = Answers()

        store.ask_revision(answers.note(0))

        assert isinstance(answers.wait(1)[0][1], Unavailable)
