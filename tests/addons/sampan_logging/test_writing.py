from __future__ import annotations

import threading

import pytest

from sampan_logging.journal import Journal
from sampan_logging.writing import Writer


class Rig:
    def __init__(self, home, most_bytes=1 << 20):
        self.journal = Journal(home, segment_bytes=2000)
        self.written, self.said = threading.Semaphore(0), []
        self.change, self.failed = threading.Condition(), []
        self.writer = Writer(
            self.journal, most_bytes=most_bytes, interval=0.0, written=self.written.release, trouble=self._say,
            failed=self.failed.append,
            stop=threading.Event(),
        )  # fmt: skip

    def _say(self, words):
        with self.change:
            self.said.append(words)
            self.change.notify_all()

    def until_said(self, what):
        with self.change:
            assert self.change.wait_for(
                lambda: self.said and what in self.said[-1] and (what or not self.said[-1]), 60
            ), self.said


@pytest.fixture
def rigged(tmp_path):
    made = []

    def make(**more):
        made.append(Rig(tmp_path, **more))
        return made[-1]

    yield make
    for rig in made:
        rig.writer.close()
        rig.journal.close()


def test_what_is_offered_becomes_durable(rigged, entry):
    rig = rigged()
    rig.writer.start()
    rig.writer.offer(entry("a"))

    assert rig.written.acquire(timeout=60)
    assert "uid-web/main" in rig.journal.progress()


def test_a_full_spool_stops_reading_says_so_and_goes_on_when_there_is_room(rigged, entry):
    rig = rigged(most_bytes=20_000)
    rig.writer.start()
    count = 0
    while not rig.said and count < 1000:
        if rig.writer.accepting:
            rig.writer.offer(entry("x" * 500, at=10**18 + count))
            count += 1
        else:  # the writer takes what is queued, or says that it cannot
            rig.written.acquire(timeout=0.05)
    rig.until_said("takes no more")
    assert rig.journal.spool.size <= 20_000

    while rig.writer._queued:
        rig.journal.acknowledge(rig.journal.spool.end)
        rig.writer.room()
        rig.written.acquire(timeout=1)
    rig.until_said("")
    assert rig.writer.accepting


def test_a_disk_that_refuses_is_tried_again(rigged, entry, monkeypatch):
    monkeypatch.setattr("sampan_logging.writing._RETRY", 0.01)
    rig = rigged()
    real, fail = rig.journal.record, [True]

    def record(entries):
        if fail:
            raise OSError(28, "No space left on device")
        real(entries)

    monkeypatch.setattr(rig.journal, "record", record)
    rig.writer.start()
    rig.writer.offer(entry("a"))
    rig.until_said("No space left")
    fail.clear()

    assert rig.written.acquire(timeout=60)
    assert rig.said[-1] == "" and "uid-web/main" in rig.journal.progress()


def test_what_is_queued_is_written_at_the_end(rigged, entry):
    rig = rigged()
    rig.writer.offer(entry("a"))
    rig.writer.start()
    rig.writer.close()

    assert "uid-web/main" in rig.journal.progress()
