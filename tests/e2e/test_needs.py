"""What tests share is made once, whole, by the first that needs it; what is missing is said before any test runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import needs
import pytest
from once import cache, once

SUPPORT = Path(__file__).parent / "support"
MAKER = """
import os, sys, time
sys.path.insert(0, sys.argv[1])
from once import cache, once

def make(place):
    with open(cache() / "turns", "a") as turns:
        turns.write("x")
    for name in ("one", "two"):
        with open(place / name, "w") as out:
            for _ in range(200):  # never whole at once
                out.write("line\\n"); out.flush(); time.sleep(0.0005)
    if "fail" in sys.argv:
        os._exit(1)

paths = once(("one", "two"), make)
assert [path.read_text().count("line") for path in paths] == [200, 200], "half a thing was seen"
"""


@pytest.fixture(autouse=True)
def empty(tmp_path, monkeypatch):
    """A cache folder as on a new machine."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def begin(*more: str) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-c", MAKER, str(SUPPORT), *more], stderr=subprocess.PIPE, text=True)


def end(process: subprocess.Popen) -> tuple[str, int]:
    return process.communicate(timeout=150)[1], process.returncode


def test_many_processes_at_once_make_it_once_and_see_it_whole():
    several = [begin() for _ in range(6)]

    assert [end(one) for one in several] == [("", 0)] * 6
    assert (cache() / "turns").read_text() == "x"


def test_a_maker_that_dies_leaves_nothing_and_the_next_one_makes_it():
    assert end(begin("fail")) == ("", 1)
    assert not (cache() / "one").exists()

    assert end(begin()) == ("", 0)
    assert (cache() / "turns").read_text() == "xx"
    assert sorted(path.name for path in cache().iterdir()) == ["one", "one.lock", "turns", "two"]


def test_what_is_there_is_not_made():
    cache().mkdir(parents=True)
    (cache() / "one").touch()

    assert once(("one",), lambda place: pytest.fail("made again")) == [cache() / "one"]


def test_what_cannot_be_had_is_one_line_each():
    def absent() -> None:
        raise RuntimeError("first\nthe way out")

    assert needs.missing((("a", lambda: None), ("b", absent), ("c", absent))) == [
        "missing: b: the way out", "missing: c: the way out",
    ]  # fmt: skip
