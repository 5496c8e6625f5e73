from __future__ import annotations

import json
import logging
import threading

import pytest

from sampan_audit.events import facts_of
from sampan_audit.log import AuditLog, Entry
from sampan_audit.policy import COMPLETE, METADATA
from sampan_audit.webhook import Undelivered

NOW = 1_800_000_000.0


class Sink:
    """A file or a webhook in memory."""

    def __init__(self, error=None):
        self.lines, self.error, self.closed = [], error, False

    def write(self, data):
        self._take(data.splitlines())

    def send(self, events):
        self._take(events)

    def _take(self, lines):
        if self.error is not None:
            raise self.error
        self.lines += [json.loads(line)["auditID"] for line in lines]

    def close(self):
        self.closed = True


@pytest.fixture
def entry(request_of):
    return lambda name: Entry(facts_of(request_of(verb="get"), METADATA, name, NOW), COMPLETE, NOW)


def run(log):
    """To its end: what waits is written before ``run`` returns."""
    stop = threading.Event()
    stop.set()
    log.run(stop)


def test_every_event_reaches_both_backends_before_the_server_ends(entry):
    file, remote = Sink(), Sink()
    log = AuditLog(file, lambda stop: remote)
    for name in "abc":
        log.add(entry(name))

    run(log)

    assert file.lines == remote.lines == ["a", "b", "c"]
    assert file.closed and remote.closed


def test_a_webhook_that_is_down_does_not_stop_the_file(caplog, entry):
    file = Sink()
    log = AuditLog(file, lambda stop: Sink(Undelivered("it answered 503")))
    log.add(entry("a"))

    run(log)

    assert file.lines == ["a"]
    assert "the webhook did not take 1 events: it answered 503" in caplog.text


def test_a_file_that_cannot_be_written_is_logged_once(caplog, entry):
    log = AuditLog(Sink(OSError("disk full")), None)
    for _ in range(1000):
        log.add(entry("a"))

    run(log)

    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert "disk full" in caplog.text


def test_events_that_are_dropped_are_counted(caplog, entry):
    log = AuditLog(Sink(), None, most=2)
    for _ in range(5):
        log.add(entry("a"))

    run(log)

    assert "3 events were dropped" in caplog.text


def test_a_blocking_log_is_written_before_add_returns(entry):
    file, remote = Sink(), Sink()
    log = AuditLog(file, lambda stop: remote, blocking=True)

    assert log.add(entry("a")) and file.lines == ["a"] and log.written == 1

    run(log)
    assert remote.lines == ["a"]


def test_a_blocking_log_says_what_could_not_be_written(caplog, entry):
    file = Sink(OSError("disk full"))
    log = AuditLog(file, None, blocking=True)

    assert not log.add(entry("a")) and log.lost == 1
    file.error = None
    assert log.add(entry("b")) and file.lines == ["b"]


def test_threads_that_block_do_not_mix_their_lines(entry):
    file = Sink()
    log = AuditLog(file, None, blocking=True)
    threads = [threading.Thread(target=lambda: [log.add(entry("a")) for _ in range(100)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert file.lines == ["a"] * 400 and log.written == 400
