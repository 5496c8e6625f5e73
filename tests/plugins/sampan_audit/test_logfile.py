from __future__ import annotations

import os

import pytest

from sampan_audit.logfile import MEGABYTE, LogFile

NOW = 1_800_000_000.0


class Clock:
    now = NOW

    def __call__(self):
        self.now += 1
        return self.now


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def log_of(tmp_path):
    made = []

    def build(**more):
        made.append(LogFile(tmp_path / "audit.log", clock=Clock(), **more))
        return made[-1]

    yield build
    for each in made:
        each.close()


def test_lines_are_appended_to_a_file_for_its_owner_only(tmp_path, log_of):
    log_of().write(b"one\n")
    log_of().write(b"two\n")

    path = tmp_path / "audit.log"
    assert path.read_bytes() == b"one\ntwo\n"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_full_is_moved_aside_and_the_oldest_go(tmp_path, log_of):
    log = log_of(megabytes=4 / MEGABYTE, keep=2)
    for text in (b"1\n", b"2\n", b"3\n", b"4\n", b"5\n", b"6\n", b"7\n", b"8\n"):
        log.write(text)

    rotated = [name for name in names(tmp_path) if name != "audit.log"]
    assert [(tmp_path / name).read_bytes() for name in rotated] == [b"3\n4\n", b"5\n6\n"]
    assert (tmp_path / "audit.log").read_bytes() == b"7\n8\n"
    assert rotated[0].startswith("audit-2027-01-15T08-00-")


def test_old_files_go_after_so_many_days(tmp_path, log_of):
    log = log_of(megabytes=2 / MEGABYTE, keep=0, days=1)
    path = tmp_path / "audit.log"
    log.write(b"1\n")
    os.utime(path, (NOW, NOW))
    log.write(b"2\n")
    os.utime(path, (NOW, NOW))
    (old,) = [name for name in names(tmp_path) if name != "audit.log"]
    os.utime(tmp_path / old, (NOW - 2 * 86400, NOW - 2 * 86400))

    log.write(b"3\n")

    assert old not in names(tmp_path)
    assert len(names(tmp_path)) == 2


def test_two_processes_share_the_file_and_its_rotation(tmp_path, log_of):
    first, second = log_of(megabytes=4 / MEGABYTE), log_of(megabytes=4 / MEGABYTE)
    first.write(b"1\n")
    second.write(b"2\n")
    first.write(b"3\n")  # moves the file aside
    second.write(b"4\n")

    assert (tmp_path / "audit.log").read_bytes() == b"3\n4\n"
    assert len(names(tmp_path)) == 2


def test_zero_never_moves_it(tmp_path, log_of):
    log = log_of(megabytes=0)
    for _ in range(3):
        log.write(b"x" * 100)

    assert names(tmp_path) == ["audit.log"]
