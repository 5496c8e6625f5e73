"""An etcd of three members, one of which dies; and what is told about members that are not there."""

from __future__ import annotations

import threading
import time

import pytest
from etcds import free_port, start_members

from sampan.contracts.store import Put, Unavailable
from sampan.errors import ConfigError
from sampan.testing.followers import assert_gap_free, following
from sampan_etcd.options import Options, read_url
from sampan_etcd.store import EtcdStore


@pytest.fixture
def members(tmp_path):
    started = start_members(tmp_path, 3)
    yield started
    for member in started:
        member.stop()


def addresses(members):
    return tuple(member.address for member in members)


def leader(members):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        for member in members:
            if member.leads():
                return member
    raise AssertionError("no member leads")


def test_nothing_acknowledged_is_lost_when_the_leader_is_killed(members):
    first = leader(members)
    order = [first, *(member for member in members if member is not first)]  # the store speaks to the one that dies
    store = EtcdStore(Options(addresses(order)))
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

    with following(store, 1) as follower:
        writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
        for writer in writers:
            writer.start()
        follower.until_some(200)
        first.kill()
        seen = len(follower.changes())
        follower.until_some(seen + 200)
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


def test_a_killed_follower_is_not_noticed_by_readers(members):
    first = leader(members)
    others = [member for member in members if member is not first]
    store = EtcdStore(Options(addresses([others[0], first, others[1]])))
    with following(store, 1) as follower:
        revision = store.commit(Put("/a", b"1"))
        others[0].kill()

        assert store.revision() == revision
        assert store.get("/a").value == b"1"
        follower.until(store.commit(Put("/a", b"2")))
    store.close()


def test_without_a_majority_the_store_is_unavailable_and_comes_back(members):
    store = EtcdStore(Options(addresses(members), timeout=2))
    revision = store.commit(Put("/a", b"1"))
    for member in members[:2]:
        member.kill()

    with pytest.raises(Unavailable):
        store.revision()
    with pytest.raises(Unavailable):
        store.commit(Put("/a", b"2"))
    for member in members[:2]:
        member.start()
    for member in members[:2]:
        member.wait()

    assert store.revision() >= revision
    assert store.commit(Put("/b", b"")) > revision
    store.close()


def test_a_member_that_is_not_there_is_passed_over(etcd):
    store = EtcdStore(read_url(f"etcd://127.0.0.1:{free_port()},{etcd.address}?prefix=/passed-over"))

    assert store.revision() == 1
    store.close()


def test_no_member_at_all_is_unavailable():
    with pytest.raises(Unavailable, match="failed to connect"):
        EtcdStore(Options((f"127.0.0.1:{free_port()}",), timeout=1))


def test_a_wrong_file_is_told(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        read_url(f"etcd://127.0.0.1?ca={tmp_path}/absent")
