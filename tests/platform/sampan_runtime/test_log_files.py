import os

import pytest

from sampan_runtime import log_files

STAMP = "2026-11-30T07:00:00.{:09d}Z"


def lines(*texts):
    return "".join(f"{STAMP.format(number)} stdout F {text}\n" for number, text in enumerate(texts)).encode()


def said(found):
    return [text for _, channel, text in found if channel]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "0.log"


def test_what_is_no_line_is_passed_over():
    assert log_files.parse(b"2026-11-30T07:00:00.5Z stderr P part") == (1796022000_500000000, 2, b"part")
    assert log_files.parse(b"nonsense") is None
    assert log_files.parse(b"2026-13-30T07:00:00Z stdout F x") is None


def test_the_rotated_file_is_read_first(path):
    path.with_name("0.log.1").write_bytes(lines("one"))
    path.write_bytes(lines("two", "three"))

    assert said(log_files.read(path, follow=False, since=0, tail=-1, ended=bool)) == [b"one\n", b"two\n", b"three\n"]
    assert said(log_files.read(path, follow=False, since=0, tail=1, ended=bool)) == [b"three\n"]


def test_following_goes_over_a_rotation_and_ends_when_all_is_read(path):
    path.write_bytes(lines("one"))
    steps = iter(["rotate", "write", "end"])

    def ended():
        step = next(steps)
        if step == "rotate":
            os.replace(path, path.with_name("0.log.1"))
            path.write_bytes(lines("two"))
        elif step == "write":
            with path.open("ab") as file:
                file.write(lines("three"))
        return step == "end"

    assert said(log_files.read(path, follow=True, since=0, tail=-1, ended=ended)) == [b"one\n", b"two\n", b"three\n"]


def test_the_watch_says_whether_a_writer_has_closed_a_file(path):
    watch = log_files.DirectoryWatch(path.parent)
    path.write_bytes(b"x")

    assert watch.wait(30)
    assert not watch.wait(0)
    watch.close()


def test_after_a_close_the_end_is_looked_for_quickly(path, monkeypatch):
    waits = []

    class Watch(log_files.DirectoryWatch):
        def wait(self, timeout):
            waits.append(timeout)
            return len(waits) == log_files.STARTING + 1

    monkeypatch.setattr(log_files, "DirectoryWatch", Watch)
    turns = iter(range(log_files.STARTING + 1 + log_files.CLOSING + 1))

    list(log_files.read(path, follow=True, since=0, tail=-1, ended=lambda: next(turns, None) is None))

    quick = [log_files.QUICK]
    assert waits == [
        *quick * log_files.STARTING, log_files.PATIENCE, *quick * log_files.CLOSING, log_files.PATIENCE,
    ]  # fmt: skip
