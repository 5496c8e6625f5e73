"""An etcd of three members, one of which dies; and what is told about members that are not there."""

from __future__ import annotations

import threading
import time
from contextlib import closing

import pytest
from etcds import free_port, start_members

from sampan.contracts.store import Put, Unavailable
from sampan.errors import ConfigError, TooLarge
from sampan_etcd.members import Members
from sampan_etcd.options import Options, read_url
from sampan_etcd.store import EtcdStore
from sampan_etcd.wire import block
from sampan_pki import client_certificate, ensure
from sampan_testing.cluster import until
from sampan_testing.followers import assert_gap_free, following


@pytest.fixture
def members(tmp_path):
    started = start_members(tmp_path, 3)
    yield started
    for member in started:
        member.stop()


def addresses(members):
    return tuple(member.address for member in members)


def leader(members):
    deadline = time.monotonic() + 60
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
    store = until(lambda: EtcdStore(Options(addresses(members), timeout=2)))
    revision = until(lambda: store.commit(Put("/a", b"1")))  # which may take longer than that on a slow machine
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

    assert until(store.revision) >= revision
    assert until(lambda: store.commit(Put("/b", b""))) > revision
    store.close()


def test_a_member_that_is_not_there_is_passed_over(etcd):
    store = EtcdStore(read_url(f"etcd://127.0.0.1:{free_port()},{etcd.address}?prefix=/passed-over"))

    assert store.revision() == 1
    store.close()


def test_no_member_at_all_is_unavailable():
    with pytest.raises(Unavailable, match=r"\w"):
        EtcdStore(Options((f"127.0.0.1:{free_port()}",), timeout=1))


def test_a_wrong_file_is_told(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        read_url(f"etcd://127.0.0.1?ca={tmp_path}/absent")


def test_tls_with_client_certificates(tmp_path):
    pki = tmp_path / "pki"
    ensure(pki)
    cert, key = client_certificate(pki, "store", "store")
    (member,) = start_members(
        tmp_path, 1, "--cert-file", f"{pki}/server.crt", "--key-file", f"{pki}/server.key",
        "--trusted-ca-file", f"{pki}/ca.crt", "--client-cert-auth", scheme="https",
    )  # fmt: skip
    try:
        store = EtcdStore(read_url(f"etcd://{member.address}?ca={pki}/ca.crt&cert={cert}&key={key}"))
        with following(store, 1) as follower:
            assert follower.until(store.commit(Put("/a", b"1"))) == [(2, "/a", b"1", None, 0)]
        store.close()
        for query in (
            f"ca={pki}/ca.crt",
            f"ca={pki}/front-proxy-ca.crt",
            "",
        ):  # no certificate, a wrong authority, no TLS
            with pytest.raises(Unavailable):
                EtcdStore(read_url(f"etcd://{member.address}?timeout=1&{query}"))
    finally:
        member.stop()


def test_a_name_and_a_password_are_asked_for_again_when_the_token_is_gone(tmp_path):
    (member,) = start_members(tmp_path, 1)
    (tmp_path / "password").write_text("s@crt\n")
    name, password, role = block(1, b"root"), block(2, b"s@crt"), block(2, b"root")
    try:
        with closing(Members(Options((member.address,)))) as administrator:
            for method, request in (
                ("UserAdd", name + password), ("RoleAdd", name), ("UserGrantRole", name + role), ("AuthEnable", b""),
            ):  # fmt: skip
                administrator.ask(f"/etcdserverpb.Auth/{method}", request)
        for url in (f"etcd://{member.address}?timeout=1", f"etcd://root:wrong@{member.address}?timeout=1"):
            with pytest.raises(Unavailable):
                EtcdStore(read_url(url))
        store = EtcdStore(read_url(f"etcd://{member.address}?username=root&password_file={tmp_path}/password"))
        with following(store, 1) as follower:
            store.commit(Put("/a", b"1", ttl=3600))
            member.stop()  # it knows its tokens by heart only
            member.start()
            member.wait()

            assert store.revision() == 2
            assert follower.until(store.commit(Put("/a", b"2")))[-1] == (3, "/a", b"2", b"1", 2)
            store.compact(3)
        store.close()
    finally:
        member.stop()


def test_a_value_too_large_for_etcd_is_refused_and_harms_no_other(etcd):
    store = EtcdStore(read_url(f"etcd://{etcd.address}?prefix=/too-large"))
    for size in (2 << 20, 8 << 20):
        with pytest.raises(TooLarge):
            store.commit(Put("/a", b"x" * size))

    assert store.commit(Put("/a", b"x" * (1 << 20))) == 2
    store.close()


def test_many_large_values_are_read_and_watched(etcd):
    store = EtcdStore(read_url(f"etcd://{etcd.address}?prefix=/large"))
    for number in range(0, 24, 3):
        last = store.commit(*(Put(f"/{number + part:02}", bytes([number]) * 400_000) for part in range(3)))

    page = store.page("")
    assert (len(page.entries), page.revision, page.more) == (24, last, False)
    with following(store, 1) as late:  # what has happened comes in fragments
        assert_gap_free(late.until(last), 1)
        assert all(len(changes) % 3 == 0 for _, changes in late.batches)
    store.close()


def test_a_long_list_is_of_one_revision(etcd):
    store = EtcdStore(read_url(f"etcd://{etcd.address}?prefix=/long"))
    for start in range(0, 1200, 100):
        last = store.commit(*(Put(f"/{start + number:04}", b"") for number in range(100)))

    whole, first = store.page("/"), store.page("/", limit=700)
    rest = store.page("/", after=first.entries[-1].key, revision=first.revision, limit=700)

    assert (len(whole.entries), whole.revision, whole.remaining) == (1200, last, 0)
    assert (len(first.entries), first.more, first.remaining) == (700, True, 500)
    assert first.entries + rest.entries == whole.entries
    store.close()
