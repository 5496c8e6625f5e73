"""The code on the pages about plugins: cut from the examples word for word, or run here; no block is left out."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ("adding", "writing-a-plugin", "testing-a-plugin", "testing-an-operator")
BLOCK = re.compile(r"(?:<!-- (?P<how>[^>]*) -->\n)?```(?P<language>\w*)\n(?P<code>.*?)```\n", re.DOTALL)
E2E = "run by tests/e2e/"


def blocks(text):
    """(what the comment above says, language, code) of every code block."""
    return [(found["how"] or "", found["language"], found["code"]) for found in BLOCK.finditer(text)]


ALL = [
    pytest.param(*block, id=f"{page}-{number}")
    for page in PAGES
    for number, block in enumerate(blocks((ROOT / "docs" / f"{page}.md").read_text()))
]


def uncovered(how, language, root=ROOT):
    """Why a block is covered by nothing, or ""."""
    if how.startswith("from ") and (root / how.removeprefix("from ")).is_file():
        return ""
    if how == "run" and language in ("python", "console"):
        return ""
    if how.startswith(E2E) and language == "console":
        test = root / how.removeprefix("run by ")
        return "" if test.is_file() and "run_page" in test.read_text() else f"{test} runs no page"
    if how.startswith("run by tests/platform/") and language == "python":
        test = root / how.removeprefix("run by ")
        return "" if test.is_file() and "writing-a-plugin.md" in test.read_text() else f"{test} reads no page"
    return f"{how!r} says not what covers it"


def absent(code, text):
    """The parts of a block (divided by lines of three dots) that a file does not have in this order."""
    at = 0
    for part in code.split("\n...\n"):
        found = text.find(part.strip("\n"), at)
        if found < 0:
            return part
        at = found + 1
    return ""


@pytest.mark.parametrize(("how", "language", "code"), ALL)
def test_every_block_is_covered(how, language, code):
    assert uncovered(how, language) == ""


@pytest.mark.parametrize(("how", "language", "code"), [block for block in ALL if block.values[0].startswith("from ")])
def test_what_is_cut_from_a_file_is_in_it(how, language, code):
    assert absent(code, (ROOT / how.removeprefix("from ")).read_text()) == ""


@pytest.mark.parametrize(("how", "language", "code"), [block for block in ALL if block.values[:2] == ("run", "python")])
def test_python_passes_as_a_test(how, language, code, tmp_path):
    (tmp_path / "test_page.py").write_text(code)
    paths = os.pathsep.join(str(path) for path in sorted((ROOT / "examples" / "plugins").iterdir()))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True, timeout=600,
        check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("how", "language", "code"), [block for block in ALL if block.values[:2] == ("run", "console")]
)
def test_commands_end_well_and_say_what_the_page_shows(how, language, code, tmp_path):
    """In one shell. pip installs nothing into the environment of these tests: the package is put on the path."""
    commands = [line.removeprefix("$ ") for line in code.splitlines() if line.startswith("$ ")]
    shown = [line for line in code.splitlines() if not line.startswith("$ ")]
    script = "\n".join(['pip() { export PYTHONPATH="$PWD"; }', *commands])
    place = Path(sys.executable).parent
    done = subprocess.run(
        ["bash", "-e", "-c", script], cwd=tmp_path, env={**os.environ, "PATH": f"{place}:{os.environ['PATH']}"},
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    for line in shown:
        assert line in done.stdout


def test_the_rules_catch_what_is_not_covered(tmp_path):
    page = "```python\nx\n```\n<!-- from a.py -->\n```python\none\n...\ntwo\n```\n"
    (tmp_path / "a.py").write_text("one\nbetween\ntwo\n")

    assert [(how, language) for how, language, _ in blocks(page)] == [("", "python"), ("from a.py", "python")]
    assert uncovered("", "python", tmp_path) != ""
    assert uncovered("from b.py", "python", tmp_path) != ""
    assert absent(blocks(page)[1][2], "one\nbetween\ntwo\n") == ""
    assert absent(blocks(page)[1][2], "two\none\n") == "two\n"
