from __future__ import annotations

import random
import shutil

import pytest

from sampan.errors import ConfigError
from sampan_logging.entries import Entry, Progress, decode
from sampan_logging.journal import Journal, locked, read_cursor
from sampan_logging.spool import SpoolPosition


def opened(home):
    return Journal(home, segment_bytes=2000)


def runs(journal):
    return {key: progress.run for key, (_, progress) in journal.progress().items()}


def test_progress_is_known_after_a_kill(tmp_path, entry, source):
    journal = opened(tmp_path)
    journal.record([entry("a"), entry("b", run=2), entry("c", of=source("other"), run=7)])

    again = opened(tmp_path)  # nothing was closed

    assert runs(again) == {"uid-web/main": 2, "uid-other/main": 7}
    assert again.began == journal.began


def test_progress_outlives_the_segments_it_was_in(tmp_path, entry, source):
    journal = opened(tmp_path)
    for n in range(60):
        journal.record([entry("x" * 100, of=source(f"pod{n}"), run=n)])
    journal.acknowledge(journal.spool.end)

    again = opened(tmp_path)

    assert again.spool.begin.segment > 1
    assert runs(again) == {f"uid-pod{n}/main": n for n in range(60)}
    assert again.cursor == journal.cursor


def test_what_is_forgotten_stays_so(tmp_path, entry, source):
    journal = opened(tmp_path)
    journal.record([entry("a"), Entry(source(), Progress(0, ended=True, forgotten=True))])

    assert runs(journal) == runs(opened(tmp_path)) == {}


def test_a_file_of_progress_that_cannot_be_read_does_not_stop_it(tmp_path, caplog, entry):
    journal = opened(tmp_path)
    journal.record([entry("a", run=4)])
    (tmp_path / "progress.json").write_text("{")

    assert runs(opened(tmp_path)) == {"uid-web/main": 4}
    assert "cannot be understood" in caplog.text


def test_a_cursor_that_makes_no_sense_sends_all_again(tmp_path, entry):
    journal = opened(tmp_path)
    journal.record([entry("a")])
    (tmp_path / "cursor").write_text("99 0")

    assert opened(tmp_path).cursor == SpoolPosition(1, 0)


def test_a_home_has_one_shipper_at_a_time(tmp_path):
    with locked(tmp_path), pytest.raises(ConfigError, match="another shipper works"), locked(tmp_path):
        pass
    with locked(tmp_path):
        pass


def test_killed_at_any_moment_every_line_is_sent_and_progress_never_runs_ahead(tmp_path, entry):
    """A source of numbered lines, read from where the journal says; a copy of the disk at random moments is a crash."""
    chance = random.Random(7)
    home = tmp_path / "0"
    home.mkdir()
    total, arrived = 400, set()
    journal = opened(home)
    place = journal.cursor
    for moment in range(1, 400):
        known = journal.progress().get("uid-web/main")
        following = known[1].run + 1 if known else 0  # the line's number stands for its place
        if following < total and chance.random() < 0.7:
            count = min(chance.randint(1, 6), total - following)
            journal.record([entry(f"line {following + n}", run=following + n) for n in range(count)])
        if chance.random() < 0.6 and (found := journal.spool.read(place, 500)):
            arrived |= {decode(body).lines[0][2] for _, body in found}
            place = found[-1][0]
            if chance.random() < 0.7:
                journal.acknowledge(place)
        if chance.random() < 0.2:
            fresh = tmp_path / str(moment)
            shutil.copytree(home, fresh)
            last = max((fresh / "spool").glob("*.segment"), default=None)
            if last is not None and chance.random() < 0.5:  # the end was just being written
                with last.open("ab") as file:
                    file.write(chance.randbytes(chance.randint(1, 30)))
            journal.spool.close()
            journal, home = opened(fresh), fresh
            place = journal.cursor
    while found := journal.spool.read(place, 10_000):
        arrived |= {decode(body).lines[0][2] for _, body in found}
        place = found[-1][0]

    assert arrived == {b"line %d" % n for n in range(total)}
    journal.close()


def test_when_nothing_is_left_to_send_the_account_is_written(tmp_path, entry):
    journal = opened(tmp_path)
    journal.record([entry("a")])
    journal.acknowledge(journal.spool.end, arrived=1)  # too soon after the cursor was written last
    journal.settle()

    assert read_cursor(tmp_path) == (journal.spool.end, 1, 0)
