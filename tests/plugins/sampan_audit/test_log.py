from __future__ import annotations

import json
import logging
import threading

from sampan_audit.log import AuditLog, Entry
from sampan_audit.webhook import Undelivered


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


def entry(name):
    return Entry({"auditID": name, "verb": "get"}, 1)


def run(log):
    """To its end: what waits is written before ``run`` returns."""
    stop = threading.Event()
    stop.set()
    log.run(stop)


def test_every_event_reaches_both_backends_before_the_server_ends():
    file, remote = Sink(), Sink()
    log = AuditLog(file, lambda stop: remote)
    for name in "abc":
        log.add(entry(name))

    run(log)

    assert file.lines == remote.lines == ["a", "b", "c"]
    assert file.closed and remote.closed


def test_a_webhook_that_is_down_does_not_stop_the_file(caplog):
    file = Sink()
    log = AuditLog(file, lambda stop: Sink(Undelivered("it answered 503")))
    log.add(entry("a"))

    run(log)

    assert file.lines == ["a"]
    assert "the webhook did not take 1 events: it answered 503" in caplog.text


def test_a_file_that_cannot_be_written_is_logged_once(caplog):
    log = AuditLog(Sink(OSError("disk full")), None)
    for _ in range(1000):
        log.add(entry("a"))

    run(log)

    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert "disk full" in caplog.text


def test_events_that_are_dropped_are_counted(caplog):
    log = AuditLog(Sink(), None, most=2)
    for _ in range(5):
        log.add(entry("a"))

    run(log)

    assert "3 events were dropped" in caplog.text
