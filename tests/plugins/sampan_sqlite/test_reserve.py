"""What a store does on a disk that is full: real ones, in memory."""

from __future__ import annotations

import os
import subprocess

import pytest

from sampan.contracts.store import Delete, Full, Put, Unavailable
from sampan_sqlite.options import Options
from sampan_sqlite.recent_keys import ABSENT, KeyState
from sampan_sqlite.reserve import HALF, NONE, WHOLE, DiskReserve
from sampan_sqlite.store import SqliteStore
from sampan_testing.cluster import until

MB = 1 << 20


@pytest.fixture
def disk(tmp_path):
    """A file system of 24 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "none", str(place)], check=True)
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(path):
    """Take what is left."""
    with open(path, "wb") as file:
        try:
            while True:
                file.write(b"x" * 65536)
                file.flush()
        except OSError:
            return


@pytest.mark.root
def test_on_a_full_disk_objects_can_be_deleted_and_changed_but_not_made(disk):
    store = SqliteStore(Options(str(disk / "store.db"), reserve=8))
    for number in range(50):
        store.commit(Put(f"/{number}", b"x" * 1000))
    fill(disk / "filler")
    assert store.trouble == ""

    refused = []
    for number in range(500):
        try:
            store.commit(Put(f"/new{number}", b"y" * 30_000, expect=0))
        except Full as error:
            refused.append(str(error))
            break
    assert "is full: deletions and small updates are accepted" in refused[0]
    assert "is full" in store.trouble and str(disk / "store.db") in store.trouble
    store.commit(Put("/1", b"changed"))
    for number in range(50):
        store.commit(Delete(f"/{number}"))
    assert store.get("/1") is None
    with pytest.raises(Full):
        store.commit(Put("/another", b""))

    os.unlink(disk / "filler")
    store.compact(store.revision())  # wakes the writer, which looks at the disk
    until(lambda: store.trouble == "", 60)
    store.commit(Put("/another", b""))
    store.close()
    assert os.path.getsize(disk / "store.db-reserve") == 8 * MB


@pytest.mark.root
def test_when_updates_have_used_their_half_deletions_go_on(disk):
    store = SqliteStore(Options(str(disk / "store.db"), reserve=4))
    for number in range(300):
        store.commit(Put(f"/{number}", b"x" * 10_000))
    fill(disk / "filler")

    last = ""
    for turn in range(5000):
        try:
            store.commit(Put(f"/{turn % 300}", os.urandom(60_000)))
        except Full as error:
            last = str(error)
            break
        except Unavailable:
            continue
    assert "only deletions are accepted" in last
    for number in range(300):
        store.commit(Delete(f"/{number}"))
    assert store.page("/").entries == []
    store.close()


def test_what_the_reserve_pays_for(tmp_path):
    reserve = DiskReserve(str(tmp_path / "store.db"), MB)
    known = {"/old": KeyState(7, 1, b""), "/new": ABSENT}

    def accepted():
        return [
            reserve.refuse(ops, known) is None
            for ops in ([Delete("/old")], [Put("/old", b"x")], [Put("/old", b"x" * 65537)], [Put("/new", b"x")])
        ]

    assert reserve.level == WHOLE
    assert reserve.release() and reserve.level == HALF and accepted() == [True, True, False, False]
    assert os.path.getsize(tmp_path / "store.db-reserve") == MB // 2
    assert reserve.release() and reserve.level == NONE and accepted() == [True, False, False, False]
    assert not reserve.release()
    reserve.restore()
    assert reserve.level == WHOLE and os.path.getsize(tmp_path / "store.db-reserve") == MB
