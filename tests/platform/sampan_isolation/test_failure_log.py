"""Failures are counted, logged once per burst, and read by other processes."""

from __future__ import annotations

import json
import os
import time

from sampan_isolation.failure_log import FailureLog, read


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


def test_the_same_failure_is_logged_once_per_burst(caplog):
    clock = Clock()
    failure_log = FailureLog(clock)

    for _ in range(3):
        failure_log.note("odd", "admission", "late", "no answer within 1 s")
    assert len(caplog.records) == 1
    clock.now += 11
    failure_log.note("odd", "admission", "late", "no answer within 1 s")

    assert caplog.records[1].getMessage() == (
        "plugin odd failed in admission: no answer within 1 s (2 more times since this was logged last)"
    )
    assert failure_log.failures()[0].count == 4


def test_they_are_written_to_a_file_and_read_while_the_process_runs(tmp_path):
    failure_log = FailureLog()
    failure_log.keep_in(tmp_path)
    failure_log.note("odd", "admission", "late", "slow")
    failure_log.note("odd", "admission", "late", "slower")
    while not (tmp_path / f"{os.getpid()}.json").exists():
        time.sleep(0.01)
    (tmp_path / "999999999.json").write_text(json.dumps([{"plugin": "x", "hook": "y", "reason": "z"}]))

    found = read(tmp_path)

    assert [(each.plugin, each.count, each.last) for each in found] == [("odd", 2, "slower")]


def test_no_folder_is_no_failure(tmp_path):
    assert read(tmp_path / "none") == []
