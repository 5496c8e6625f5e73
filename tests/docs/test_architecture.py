"""docs/architecture.md names files, names and threads that are there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "architecture.md"
PLANKS = ("platform", "plugins", "addons")


def quoted(text):
    return re.findall(r"`([^`\n]+)`", text)


def files_of(root, planks=PLANKS):
    """Every path that the page may write for a file: whole, or any end of it."""
    paths = [path.relative_to(root) for plank in planks for path in (root / plank).rglob("*")]
    return {*planks, *("/".join(path.parts[start:]) for path in paths for start in range(len(path.parts)))}


def gone(text, there):
    """Files and folders that the text names and that are not there."""
    named = [each.rstrip("/") for each in quoted(text) if re.fullmatch(r"[\w./]+(\.py|/)|(plugins|addons)/\w+", each)]
    return [each for each in named if each not in there]


def threads(text):
    """The names in the first column of the table of threads, without what varies."""
    table = text.partition("## Threads")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| ([^|]+) \|", table, re.MULTILINE)
    return [re.split(r"[ -][NA]", name)[0] for cell in cells for name in quoted(cell)]


def test_its_files_are_there():
    assert gone(PAGE.read_text(), files_of(ROOT)) == []


def test_its_threads_are_started_somewhere():
    source = "\n".join(path.read_text() for plank in PLANKS for path in (ROOT / plank).rglob("*.py"))
    names = threads(PAGE.read_text())

    assert len(names) > 10
    assert [name for name in names if f'"{name}' not in source] == []


def test_the_rules_catch_a_bad_page():
    there = {"plugins/sampan_x", "write/drive.py"}

    assert gone("`write/drive.py` `plugins/sampan_x` `read/gone.py` `addons/sampan_y`", there) == [
        "read/gone.py",
        "addons/sampan_y",
    ]
    assert threads("## Threads\n| `pod NAME` | x |\n| `binder-N` (16) | y |\n## Locks\n| `a` |\n") == ["pod", "binder"]
