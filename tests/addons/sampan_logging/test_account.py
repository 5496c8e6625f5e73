"""Lines read = acknowledged + refused and kept + waiting, whatever is killed, full, odd or damaged."""

from __future__ import annotations

import json
import shutil

import pytest
from click.testing import CliRunner

from sampan.contracts.commands import Place as Here
from sampan_logging.account import account, command
from sampan_logging.entries import Entry, Progress, decode
from sampan_logging.journal import Journal
from sampan_logging.rejected import Rejected
from sampan_logging.spool import SpoolPosition
from sampan_logging.window import Document, Window


def opened(home):
    return Journal(home, segment_bytes=2000)


def ship(journal, count, refuse=()):
    """Settles so many lines in order, as the shipper does; those numbers are refused."""
    window = Window(journal.cursor, journal.arrived, journal.refused)
    for behind, body in journal.spool.read(journal.cursor, 1 << 20):
        lines = decode(body).lines
        if count < len(lines):
            break
        count -= len(lines)
        sent = window.add(behind, len(lines), 0)
        for _, _, text in lines:
            window.settle(Document({}, 0, sent), refused=text.decode() in refuse)
    journal.acknowledge(window.advance(), window.arrived, window.refused)


def said(home):
    found = account(home)
    return found.read, found.acknowledged, found.refused, found.waiting, found.missing


def test_all_are_accounted_for_while_it_works(tmp_path, entry):
    journal = opened(tmp_path)
    journal.record([entry("a", "b"), entry("c"), entry("d")])
    journal._cursor_saved = (0.0, None)
    ship(journal, 3, refuse={"b"})

    assert said(tmp_path) == (4, 2, 1, 1, 0)


def test_the_account_outlives_kills_segments_and_an_orderly_end(tmp_path, entry):
    journal, total = opened(tmp_path), 0
    for n in range(40):
        journal.record([entry("x" * 200, "y" * 200)])
        total += 2
        if n % 3 == 0:
            ship(journal, 4)
        if n % 7 == 0:
            journal.close()
        if n % 5 == 0:
            journal = opened(tmp_path)  # killed: nothing was closed
        found = account(tmp_path)
        assert (found.read, found.missing) == (total, 0)
    while journal.spool.behind(journal.cursor):
        ship(journal, 1000)  # a segment at a time
    journal.close()

    assert said(tmp_path) == (80, 80, 0, 0, 0)


def test_an_entry_that_rots_is_missing(tmp_path, entry):
    journal = opened(tmp_path)
    for n in range(12):
        journal.record([entry(str(n) * 300)])
    journal.close()
    segments = sorted((tmp_path / "spool").glob("*.segment"))
    data = bytearray(segments[0].read_bytes())
    data[30] ^= 255
    segments[0].write_bytes(data)

    found = account(tmp_path)

    assert len(segments) > 1
    assert found.read == 12
    assert found.missing == 12 - found.waiting > 0


def test_what_tells_of_a_gap_is_no_line(tmp_path, entry, source):
    journal = opened(tmp_path)
    journal.record([entry("a"), Entry(source(), Progress(0), [], "lines are missing", 5)])

    assert said(tmp_path)[0] == 1


def test_refused_lines_that_are_kept_no_more_are_said(tmp_path, entry):
    journal = opened(tmp_path)
    journal.record([entry("a", "b")])
    ship(journal, 2, refuse={"a", "b"})
    journal.close()
    action = {"_index": "i", "_id": "1", "_source": {"message": "a"}}
    rejected = Rejected(tmp_path / "rejected.jsonl", most_bytes=1 << 20)
    rejected.keep([(action, "why")])
    rejected.keep([(action, "why")])  # sent again after a crash
    rejected.keep([({**action, "_id": "2", "_source": {"message": "", "event": {"kind": "gap"}}}, "why")])

    found = account(tmp_path)

    assert (found.refused, found.refused_kept, found.complete) == (2, 1, False)


def test_a_home_from_before_there_was_an_account_begins_one(tmp_path, entry):
    journal = opened(tmp_path)
    journal.record([entry("a"), entry("b")])
    ship(journal, 1)
    journal.close()
    (tmp_path / "cursor").write_text("{} {}\n".format(*journal.cursor))

    with pytest.raises(ValueError, match="has not run since"):
        account(tmp_path)
    opened(tmp_path).close()

    assert said(tmp_path) == (1, 0, 0, 1, 0)


@pytest.fixture
def run(tmp_path):
    def call(*args):
        return CliRunner().invoke(command, list(args), obj=Here(str(tmp_path), ""))

    return call


def test_the_command_says_it(tmp_path, entry, run):
    home = tmp_path / "components" / "logging"
    home.mkdir(parents=True)
    journal = opened(home)
    journal.record([entry("a", "b")])
    ship(journal, 2)
    journal.close()

    assert run().output.split() == ["read", "2", "acknowledged", "2", "refused", "0", "waiting", "0", "missing", "0"]
    assert json.loads(run("-o", "json").output) == {
        "read": 2, "acknowledged": 2, "refused": 0, "refusedKept": 0, "waiting": 0, "missing": 0,
    }  # fmt: skip
    assert run().exit_code == 0


def test_the_command_ends_with_1_when_a_line_is_missing_and_where_there_is_none(tmp_path, entry, run):
    assert (run().exit_code, "is the add-on enabled" in run().output) == (1, True)
    home = tmp_path / "components" / "logging"
    home.mkdir(parents=True)
    journal = opened(home)
    journal.record([entry("a", "b")])
    journal.close()
    shutil.rmtree(home / "spool")

    assert run().exit_code == 1
    assert "missing       2" in run().output
    assert SpoolPosition(1, 0) == journal.cursor
