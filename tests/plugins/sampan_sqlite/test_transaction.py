"""A writer that is killed at any moment leaves whole commits only, and all it has acknowledged."""

from __future__ import annotations

import random
import signal
import subprocess
import sys

from sampan.contracts.store import Put
from sampan_sqlite.options import Options
from sampan_sqlite.recent_keys import ABSENT, RecentKeys
from sampan_sqlite.store import SqliteStore
from sampan_sqlite.transaction import Transaction

WRITER = """
import os, sys, itertools, threading
from sampan.contracts.store import Put
from sampan_sqlite.options import Options
from sampan_sqlite.store import SqliteStore

store = SqliteStore(Options(sys.argv[1], keep_commits=300))
room = threading.Semaphore(32)

def acknowledge(number, answer):
    os.write(1, b"%d %d\\n" % (number, answer))
    room.release()

for number in itertools.count(int(sys.argv[2])):
    room.acquire()
    text = b"%d" % number
    ops = (Put(f"/left/{number % 97}", text), Put(f"/right/{number % 97}", text), Put(f"/all/{number}", text, 0))
    store.submit(ops, lambda answer, number=number: acknowledge(number, answer))
"""


def written_until_killed(path, start, lines):
    """Run the writer, kill it after so many acknowledgements, and return all it gave."""
    with subprocess.Popen([sys.executable, "-c", WRITER, path, str(start)], stdout=subprocess.PIPE) as process:
        head = [process.stdout.readline() for _ in range(lines)]
        process.send_signal(signal.SIGKILL)
        found = head + process.stdout.read().splitlines(keepends=True)
    return [tuple(map(int, line.split())) for line in found if line.endswith(b"\n")]


def test_a_killed_writer_leaves_every_acknowledged_commit_and_no_half_one(tmp_path):
    path = str(tmp_path / "store.db")
    chance = random.Random(7)
    start = newest = 0
    acknowledged = {}
    for _ in range(20):
        for number, revision in written_until_killed(path, start, chance.randrange(1, 300)):
            assert revision > newest
            acknowledged[number] = newest = revision
        store = SqliteStore(Options(path, check="yes"))
        try:
            everything = {entry.key: entry for entry in store.page("").entries}
            assert store.revision() >= newest
            newest = store.revision()
        finally:
            store.close()

        for number, revision in acknowledged.items():
            assert everything[f"/all/{number}"].revision == revision
        for place in range(97):
            left, right = everything.get(f"/left/{place}"), everything.get(f"/right/{place}")
            assert (left and left[1:]) == (right and right[1:])
        start = max(int(key.split("/")[2]) for key in everything if key.startswith("/all/")) + 1
    assert len(acknowledged) > 1000


def test_a_commit_is_decided_on_top_of_those_before_it():
    recent = RecentKeys()
    recent.note("/a", ABSENT)
    transaction = Transaction(recent, 10, now=1000)

    assert transaction.decide([Put("/a", b"1", expect=0, ttl=5)]) == 11
    assert transaction.decide([Put("/a", b"2", expect=11)]) == 12
    assert transaction.expiring == [(11 << 16, 1005)]
