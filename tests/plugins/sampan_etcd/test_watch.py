from __future__ import annotations

import itertools
import time
from types import SimpleNamespace

import pytest

from sampan.contracts.store import Compacted, Unavailable
from sampan_etcd import watch
from sampan_etcd.failures import Failure, FailureKind
from sampan_etcd.names import Names, entries
from sampan_etcd.wire import block, number

NAMES = Names(entries("/sampan"), 0)


class Call(list):
    """A stream that says what it was given, then ends."""

    def cancel(self):
        pass


class Members:
    """Opens the streams it was given, one after the other; what comes later is refused."""

    def __init__(self, *streams):
        self.streams = list(streams)
        self.starts = []
        self.learned = []

    def stream(self, method, request):
        self.starts.append(request)
        if not self.streams:
            raise Failure(FailureKind.REFUSED, "nothing more")
        return "m", self.streams.pop(0)

    def learn(self, error, member):
        self.learned.append(error)
        return error


def put(revision, key="a"):
    return block(11, block(2, block(1, f"/sampan/data{key}".encode()) + number(2, revision) + number(3, revision)))


def message(*parts, fragment=False):
    return b"".join(parts) + number(7, int(fragment))


CREATED = number(3, 1)


def follow(*streams):
    """(batches, what it ended with)"""
    members = Members(*streams)
    found = []
    with pytest.raises((Unavailable, Compacted)) as caught:
        for revision, changes in watch.Watch(members, NAMES, 1, 0).batches():
            found.append((revision, [change.key for change in changes]))
    return found, caught.value, members


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(watch, "PAUSE", 0.0)


def test_a_commit_in_fragments_is_one_batch():
    found, _, _ = follow(Call([
        CREATED,
        message(put(2, "a"), put(3, "b"), fragment=True),
        message(put(3, "c"), fragment=True),
        message(put(3, "d"), put(4, "e")),
    ]))  # fmt: skip

    assert found == [(2, ["a"]), (4, ["b", "c", "d", "e"])]


def test_a_stream_that_ends_amid_a_commit_is_begun_again_before_it():
    found, _, members = follow(
        Call([CREATED, message(put(2, "a"), put(3, "b"), fragment=True)]),
        Call([CREATED, message(put(2, "a"), put(3, "b"), put(3, "c"))]),
    )

    assert found == [(2, ["a"]), (3, ["b", "c"])]
    assert len(members.starts) == 3


def test_streams_that_end_are_followed_by_others_however_long_it_takes(monkeypatch):
    times = itertools.count(0.0, watch.PATIENCE * 0.6)  # of the first and the third failure there is more between
    monkeypatch.setattr(watch, "time", SimpleNamespace(monotonic=lambda: next(times), sleep=time.sleep))
    found, _, _ = follow(*(Call([CREATED, message(put(revision))]) for revision in range(2, 6)))

    assert [revision for revision, _ in found] == [2, 3, 4, 5]


def test_a_feed_without_any_stream_that_speaks_is_lost_in_time(monkeypatch):
    times = itertools.count(0.0, watch.PATIENCE * 0.6)
    monkeypatch.setattr(watch, "time", SimpleNamespace(monotonic=lambda: next(times), sleep=time.sleep))
    found, error, members = follow(Call([CREATED, message(put(2))]), *(Call() for _ in range(9)))

    assert [revision for revision, _ in found] == [2]
    assert "the feed is lost" in str(error)
    assert 3 <= len(members.starts) < 9


def test_a_compaction_that_has_overtaken_the_feed_is_told():
    _, error, _ = follow(Call([number(3, 1) + number(4, 1) + number(5, 9)]))

    assert isinstance(error, Compacted)
    assert error.oldest == 9


@pytest.mark.parametrize("reason", ["etcdserver: invalid auth token", "etcdserver: permission denied"])
def test_a_token_that_is_not_known_is_replaced(reason):
    said = f"rpc error: code = Whatever desc = {reason}".encode()
    found, _, members = follow(Call([number(3, 1) + number(4, 1) + block(6, said)]), Call([CREATED, message(put(2))]))

    assert members.learned[0].meaning is FailureKind.NOT_KNOWN
    assert found == [(2, ["a"])]
