from __future__ import annotations

import threading

import pytest

from sampan.contracts.store import Change, Unavailable
from sampan_stores import feed as subject
from sampan_stores.feed import Feed, Watch


def commit(revision, size=1):
    return revision, (Change(revision, f"/k/{revision}", b"x" * size, None),)


def watch(feed, after, log=(), started=False):
    """A watch whose log is a list; ``asked`` records the positions that were read."""
    asked = []

    def changes(start, limit):
        asked.append(start)
        return [each for each in log if each[0] > start]

    found = Watch(feed, changes, after)
    found._started = started
    found.asked = asked
    return found


def first(watching):
    revision, changes = next(watching.batches())
    return revision, [change.revision for change in changes]


def test_a_watch_at_the_newest_revision_is_fed_from_memory():
    feed = Feed(5)
    follower = watch(feed, 5, started=True)

    assert feed.append([commit(6), commit(7)])

    assert first(follower) == (7, [6, 7])
    assert follower.asked == []
    assert first(watch(feed, 6, [commit(7)])) == (7, [7])  # starts in the past: reads the log, which knows compactions


def test_known_commits_are_skipped():
    feed = Feed(5)

    assert feed.append([commit(6)])
    assert feed.append([commit(6), commit(7)])

    assert feed.newest == 7
    assert first_taken(feed, 5) == [6, 7]


def first_taken(feed, after):
    return [revision for revision, _ in feed.take(watch(feed, after))]


def test_a_gap_is_refused_and_nothing_is_added():
    feed = Feed(5)

    assert not feed.append([commit(7)])

    assert feed.newest == 5


def test_a_watch_that_fell_out_of_the_ring_reads_the_log(monkeypatch):
    monkeypatch.setattr(subject, "RING_COMMITS", 2)
    feed = Feed(1)
    log = [commit(revision) for revision in range(2, 7)]
    follower = watch(feed, 1, log, started=True)
    feed.append(log)

    assert first(follower) == (6, [2, 3, 4, 5, 6])
    assert follower.asked == [1]


def test_the_ring_is_bounded_by_bytes_but_keeps_the_newest_commit(monkeypatch):
    monkeypatch.setattr(subject, "RING_BYTES", 10)
    feed = Feed(1)

    feed.append([commit(2, 6), commit(3, 6)])
    assert first_taken(feed, 2) == [3]
    assert feed.take(watch(feed, 1)) is None

    feed.append([commit(4, 50)])
    assert first_taken(feed, 3) == [4]


def test_skipped_revisions_are_read_from_the_log():
    feed = Feed(1)
    feed.append([commit(2)])

    feed.skip(9)

    assert feed.newest == 9
    assert feed.take(watch(feed, 2)) is None


def test_an_idle_watch_yields_empty_batches(monkeypatch):
    monkeypatch.setattr(subject, "SIGN_OF_LIFE", 0.01)

    assert first(watch(Feed(3), 3)) == (3, [])


def test_a_lost_feed_is_raised_only_after_all_known_commits():
    feed = Feed(1)
    feed.append([commit(2)])
    behind, ahead = watch(feed, 1, started=True), watch(feed, 2, started=True)

    feed.lose(Unavailable("gone"))

    assert first(behind) == (2, [2])
    with pytest.raises(Unavailable, match="gone"):
        first(ahead)

    feed.find()
    feed.append([commit(3)])
    assert first(ahead) == (3, [3])


@pytest.mark.parametrize("end", [lambda feed, follower: feed.close(), lambda feed, follower: follower.close()])
def test_closing_ends_a_watch_that_waits(end):
    feed = Feed(1)
    follower = watch(feed, 1)
    ended = threading.Event()

    def follow():
        assert list(follower.batches()) == []
        ended.set()

    thread = threading.Thread(target=follow)
    thread.start()
    end(feed, follower)
    thread.join(30)

    assert ended.is_set()
