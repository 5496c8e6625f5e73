from __future__ import annotations

import threading

import pytest

from sampan_logging.access import Access
from sampan_logging.elastic import Elastic
from sampan_logging.figures import Figures
from sampan_logging.health import Health
from sampan_logging.journal import Journal
from sampan_logging.rejected import Rejected
from sampan_logging.settings import Settings
from sampan_logging.shipping import Shipper

SETTINGS = Settings(flush_seconds=0.0, batch_lines=10, prefix="logs")


class Rig:
    """A shipper on a thread, with a journal, against the small Elasticsearch."""

    def __init__(self, home, fake, settings=SETTINGS):
        self.home, self.fake, self.settings = home, fake, settings
        self.figures, self.said = Figures(None), []
        self.change = threading.Condition()
        self.journal = Journal(home, segment_bytes=2000)
        self.stop = threading.Event()
        self.shipper = Shipper(
            self.journal, settings, connect=lambda: Elastic(Access((fake.url,))),
            rejected=Rejected(home / "rejected.jsonl", most_bytes=1 << 20), figures=self.figures,
            health=Health(lambda words: self._say("ready", words), lambda words: self._say("failing", words)),
            room=self._settled,
        )  # fmt: skip
        self.thread = threading.Thread(target=self.shipper.run, args=(self.stop,), daemon=True)

    def _say(self, kind, words):
        with self.change:
            self.said.append((kind, words))
            self.change.notify_all()

    def _settled(self):
        with self.change:
            self.change.notify_all()

    def record(self, *entries):
        self.journal.record(entries)
        self.shipper.wake()

    def until(self, what):
        with self.change:
            assert self.change.wait_for(what, 60), (self.said, self.fake.messages[-3:])

    def until_sent(self):
        self.until(lambda: self.journal.spool.behind(self.journal.cursor) == 0)

    def end(self):
        self.stop.set()
        self.shipper.wake()
        if self.thread.ident:
            self.thread.join(60)
        self.journal.close()

    def figure(self, name):
        return getattr(self.figures, name)._value.get()


@pytest.fixture
def rig(tmp_path, fake, monkeypatch):
    monkeypatch.setattr("sampan_logging.shipping._FIRST_PAUSE", 0.02)
    one = Rig(tmp_path, fake)
    one.thread.start()
    yield one
    one.end()


def test_lines_arrive_and_the_spool_is_given_free(rig, fake, entry):
    for n in range(200):
        rig.record(entry(f"line {n}", at=10**18 + n))
    rig.until_sent()

    assert sorted(fake.messages) == sorted(f"line {n}" for n in range(200))
    assert rig.journal.spool.begin.segment > 1 and rig.journal.spool.size <= 2500
    assert rig.figure("shipped") == 200 and rig.figure("repeated") == 0
    assert rig.said[0][0] == "ready" and "logs-YYYY.MM.DD" in rig.said[0][1]


def test_an_elasticsearch_that_is_away_is_waited_for(rig, fake, entry):
    fake.answer = lambda method, path: (503, {"error": {"type": "no_master"}})
    rig.record(entry("a"), entry("b", at=10**18))
    rig.until(lambda: any(state == "failing" for state, _ in rig.said))
    assert "kept in the spool" in next(words for state, words in rig.said if state == "failing")
    fake.answer = lambda method, path: None
    rig.until_sent()

    assert sorted(fake.messages) == ["a", "b"]
    assert rig.said[-1][0] == "ready"


def test_one_line_that_cannot_be_taken_now_holds_up_no_other(rig, fake, entry):
    tries = []

    def fate(identifier, document):
        if document["message"] == "stuck" and len(tries) < 4:
            tries.append(identifier)
            return 503, {"type": "unavailable_shards_exception", "reason": "primary is away"}
        return None

    fake.answer_item = fate
    rig.record(entry("stuck"), *(entry(f"line {n}", at=10**18 + n) for n in range(30)))
    rig.until_sent()

    assert len(fake.messages) == 31 and fake.messages[-1] == "stuck"
    assert rig.figure("retried") == 4
    assert any("primary is away" in words for kind, words in rig.said if kind == "failing")
    assert rig.said[-1][0] == "ready"


def test_a_line_refused_for_good_is_kept_with_the_reason(rig, fake, entry):
    fake.answer_item = lambda identifier, document: (
        (400, {"type": "document_parsing_exception", "reason": "bad"}) if document["message"] == "poison" else None
    )
    rig.record(entry("a", "poison", "b"))
    rig.until_sent()

    assert fake.messages == ["a", "b"]
    assert "document_parsing_exception: bad" in (rig.home / "rejected.jsonl").read_text()
    assert (rig.figure("shipped"), rig.figure("rejected")) == (2, 1)


def test_a_line_with_which_every_request_fails_is_put_aside_in_the_end(rig, fake, entry, monkeypatch):
    monkeypatch.setattr("sampan_logging.shipping._DOUBTS", 2)
    whole = fake.serve
    fake.serve = lambda method, path, headers, body: (
        (400, {"error": {"type": "x"}}) if b"poison" in body else whole(method, path, headers, body)
    )
    rig.record(entry("a", "poison", "b"))
    rig.until_sent()

    assert sorted(fake.messages) == ["a", "b"] and rig.figure("rejected") == 1


def test_killed_between_sending_and_knowing_nothing_is_doubled(tmp_path, fake, entry):
    first = Rig(tmp_path, fake)
    first.thread.start()
    first.record(*(entry(f"line {n}", at=10**18 + n) for n in range(25)))
    first.until_sent()
    first.end()
    (tmp_path / "cursor").unlink()  # as if it had died before it was written

    second = Rig(tmp_path, fake)
    second.thread.start()
    second.until_sent()
    second.end()

    assert len(fake.messages) == 25
    assert second.figure("repeated") == second.figure("shipped") == 25


def test_days_that_are_over_are_deleted(tmp_path, fake, entry):
    fake.indices = {"logs-2020.01.01", "logs-2099.01.01", "other"}
    rig = Rig(tmp_path, fake, Settings(flush_seconds=0.0, prefix="logs", retention_days=7))
    rig.thread.start()
    rig.record(entry("a"))
    rig.until_sent()
    rig.end()

    assert fake.indices == {"logs-2099.01.01", "other"}


def test_the_age_of_the_oldest_line_is_told(tmp_path, fake, entry):
    rig = Rig(tmp_path, fake)
    assert rig.shipper._lag() == 0.0
    rig.journal.record([entry("a", at=10**18)])
    rig.shipper._fresh()

    assert rig.shipper._lag() > 1e8
    rig.end()
