"""Failures are counted, logged once per burst, and read by other processes."""

from __future__ import annotations

import json

from sampan_isolation.failure_log import FailureLog, read
from sampan_testing.cluster import until


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
    (tmp_path / "999999999.json").write_text(json.dumps([{"plugin": "x", "hook": "y", "reason": "z"}]))

    def written():
        return [(each.plugin, each.count, each.last) for each in read(tmp_path)]

    until(lambda: written() == [("odd", 2, "slower")])  # the first may have been written alone


def test_no_folder_is_no_failure(tmp_path):
    assert read(tmp_path / "none") == []
