from __future__ import annotations

import os

import pytest

from sampan_exec import logs
from sampan_exec.container_log import ContainerLog, stamp
from sampan_runtime import log_files


@pytest.fixture
def path(tmp_path):
    return tmp_path / "log"


@pytest.fixture
def log(path, monkeypatch):
    monkeypatch.setattr("sampan_exec.container_log.LARGEST", 200)
    return ContainerLog(str(path))


@pytest.fixture
def tail(path):
    tail = logs.Tail(path)
    yield tail
    tail.close()


def texts(lines):
    return [text for _, _, text in lines]


def write(log, *numbers):
    for number in numbers:
        log.write(1, b"line %d\n" % number)


def test_times_are_exact():
    assert logs.parse(stamp(1_700_000_000_123_456_789) + b" stderr F oh") == (1_700_000_000_123_456_789, 2, b"oh\n")


def test_reading_begins_with_the_rotated_file(log, path, tail):
    write(log, *range(6))

    assert path.with_name("log.1").exists()
    assert texts(tail.begin()) == [b"line %d\n" % n for n in range(6)]


def test_a_reader_follows_a_rotation(log, tail):
    write(log, 0, 1)
    seen = tail.begin()
    for number in range(2, 12):
        write(log, number)
        seen += tail.lines()

    assert texts(seen) == [b"line %d\n" % n for n in range(12)]


def test_a_slow_reader_gets_the_rotated_file_it_never_opened(log, path, tail):
    write(log, 0)
    seen = tail.begin()
    first = path.stat().st_ino
    number = 1
    while not path.with_name("log.1").exists() or path.with_name("log.1").stat().st_ino == first:
        write(log, number)
        number += 1
    write(log, number)
    seen += tail.lines()

    assert texts(seen) == [b"line %d\n" % n for n in range(number + 1)]


def test_following_needs_no_inotify(log, path, monkeypatch):
    monkeypatch.setattr(log_files._libc, "inotify_init1", lambda flags: -1)
    monkeypatch.setattr(log_files, "POLL", 0.001)
    write(log, 1)
    lines = logs.read(path.parent, follow=True, since=0, tail=-1)
    first = next(lines)
    write(log, 2)
    (path.parent / "exit.json").write_text("{}")

    assert texts([first, *(line for line in lines if line[1])]) == [b"line 1\n", b"line 2\n"]


def test_following_a_removed_container_ends(log, path):
    write(log, 1)
    lines = logs.read(path.parent, follow=True, since=0, tail=-1)
    assert next(lines)[2] == b"line 1\n"
    log.write(1, b"last\n")
    for name in os.listdir(path.parent):
        os.unlink(path.parent / name)
    path.parent.rmdir()

    assert texts(line for line in lines if line[1]) == [b"last\n"]
