from __future__ import annotations

import logging
import os
import subprocess
import sys

import pytest

from sampan_operate.logfile import Handler, LogFollower, last_lines, numbered, rotate


@pytest.fixture
def path(tmp_path):
    return tmp_path / "sampan.log"


def append(path, text):
    with open(path, "a") as file:
        file.write(text)


def test_a_file_over_its_size_becomes_the_first_of_so_many_older_ones(path):
    for number in range(5):
        append(path, f"{number}" * 100)
        assert rotate(path, limit=50, keep=2)

    assert path.read_text() == ""
    assert numbered(path, 1).read_text() == "4" * 100
    assert numbered(path, 2).read_text() == "3" * 100
    assert not numbered(path, 3).exists()
    assert not rotate(path, limit=50, keep=2)


def test_what_another_program_holds_open_goes_on_at_the_beginning(path):
    with open(path, "ab", buffering=0) as other:
        other.write(b"x" * 100)
        rotate(path, limit=50, keep=1)
        other.write(b"new\n")

    assert path.read_bytes() == b"new\n"


def test_without_room_for_a_copy_the_file_is_emptied_all_the_same(path, monkeypatch):
    append(path, "x" * 100)
    monkeypatch.setattr("sampan_operate.logfile._copy", lambda *_: (_ for _ in ()).throw(OSError(28, "full")))

    assert rotate(path, limit=50, keep=1)

    assert path.read_text() == "" and not numbered(path, 1).exists()


def test_the_total_of_what_several_processes_log_stays_bounded(path):
    code = (
        "import logging, sys; from pathlib import Path; from sampan_operate.logfile import Handler\n"
        "log = logging.getLogger('x'); log.addHandler(Handler(Path(sys.argv[1]), 20_000, 2)); log.propagate = False\n"
        "[log.error('%06d %s', number, 'x' * 90) for number in range(3000)]"
    )
    with open(path, "ab") as file:
        writers = [subprocess.Popen([sys.executable, "-c", code, str(path)], stderr=file) for _ in range(2)]
    assert [writer.wait(300) for writer in writers] == [0, 0]

    sizes = [os.path.getsize(each) for each in path.parent.glob("sampan.log*")]
    assert len(sizes) == 3 and max(sizes) <= 20_000 + 4 * 98
    assert all(len(line) == 97 for line in path.read_text().splitlines())


def test_a_reader_that_follows_reads_every_line_once_across_a_rotation(path):
    append(path, "old\n")
    follower = LogFollower(path)
    append(path, "1\n2\n")
    read = list(follower.lines())
    append(path, "3\n")
    rotate(path, limit=1, keep=1)
    append(path, "4\nhal")
    read += follower.lines()
    append(path, "f\n")
    read += follower.lines()
    follower.close()

    assert read == ["1\n", "2\n", "3\n", "4\n", "half\n"]


def test_the_last_lines_are_found_in_the_older_file_too(path):
    append(path, "1\n2\n")
    rotate(path, limit=1, keep=1)
    append(path, "3\n")

    assert last_lines(path, 2) == ["2\n", "3\n"]
    assert last_lines(path, 0) == []


def test_a_handler_that_cannot_rotate_goes_on_logging(path, capfd):
    handler = Handler(path.parent / "none" / "x.log", 0, 1)
    handler.emit(logging.LogRecord("x", logging.ERROR, "x", 1, "words", None, None))

    assert "words" in capfd.readouterr().err
