"""A new plugin is its folder and one line: tried with one in a copy of the tree, by the rules that hold for all."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import venv

import pytest

LEFT_BEHIND = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "build", "dist")
RULES = [f"tests/style/test_{name}.py" for name in ("planks", "documents", "pictures", "public_names", "requirements")]
BROKEN = [f"tests/style/test_{name}.py" for name in ("planks", "documents", "public_names")]
SECONDS = 300

PLUGIN = '''"""Where sampan_fresh meets the platform."""

from __future__ import annotations

from dataclasses import dataclass

from sampan.contracts.reconciling import Reconciler
from sampan.hookspecs import hookimpl


@dataclass(frozen=True)
class Settings:
    """The section ``plugins.fresh``."""

    depth: int = 3
    """How deep it goes."""


@hookimpl
def contribute_reconcilers() -> list[Reconciler]:
    return []
'''
PAGE = """# fresh

## Name
fresh: nothing yet

## Description
Tries how a plugin is added.

## Hooks
contribute_reconcilers

## Settings
depth

## Metrics
none

## Ready
at once

## Examples
none
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("fresh")


@pytest.fixture(scope="module")
def tree(root, place):
    """A copy of the tree with the folder of a plugin in it, and the one line. The tests share it, in their order."""
    copy = place / "tree"
    shutil.copytree(root, copy, ignore=LEFT_BEHIND)
    folder = copy / "plugins" / "sampan_fresh"
    folder.mkdir()
    (folder / "__init__.py").write_text('"""Nothing yet."""\n')
    (folder / "plugin.py").write_text(PLUGIN)
    (folder / "README.md").write_text(PAGE)
    setup = copy / "setup.cfg"
    line = "    fresh = sampan_fresh.plugin\n"
    setup.write_text(setup.read_text().replace("sampan.plugins =\n", f"sampan.plugins =\n{line}"))
    return copy


@pytest.fixture(scope="module")
def run(tree, place):
    """Runs a command in the copy, by a Python that has the copy installed as a wheel; its code, and what it said."""
    python = place / "venv"
    venv.create(python, with_pip=False)
    program = python / "bin" / "python"
    environ = {"PATH": f"{python}/bin:/usr/bin:/bin", "SAMPAN_HOME": str(place / "home")}

    def call(*command):
        done = subprocess.run(
            command, cwd=tree, env=environ, capture_output=True, text=True, timeout=SECONDS, check=False
        )
        return done.returncode, done.stdout + done.stderr

    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", place, tree], check=True, cwd=place)
    (wheel,) = place.glob("sampan-*.whl")
    subprocess.run([*pip, "--python", program, "install", "--no-deps", wheel], check=True, cwd=place)
    site = next((python / "lib").glob("python*/site-packages"))
    (site / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    shutil.rmtree(tree / "build", ignore_errors=True)
    for leftover in tree.rglob("*.egg-info"):
        shutil.rmtree(leftover)
    return call


def test_its_folder_and_one_line_are_all_it_takes(run, tree):
    for tool in ("make_compatibility", "make_settings", "make_pictures"):  # `make docs`
        assert run("python", f"tools/{tool}.py") == (0, "")

    rules = run("python", "-m", "pytest", "-q", "-p", "no:cacheprovider", *RULES)
    linted = run("python", "tools/lint-imports")
    checked = run("make", "-n", "check")
    listed = run("sampan", "plugins", "list")

    assert rules[0] == 0, rules[1]
    assert linted[0] == 0, linted[1]
    assert "plugins/sampan_fresh" in checked[1]
    assert [line.split()[:2] for line in listed[1].splitlines() if line.startswith("fresh")] == [["fresh", "on"]]
    assert "| `plugins.fresh.depth` | number | `3` | How deep it goes. |" in (tree / "docs" / "settings.md").read_text()


def test_what_is_forgotten_is_said(run, tree, root):
    folder = tree / "plugins" / "sampan_fresh"
    shutil.copyfile(root / "docs" / "settings.md", tree / "docs" / "settings.md")
    (folder / "README.md").unlink()
    (folder / "other.py").write_text("import falcon\nimport sampan_rbac\n")
    setup = tree / "setup.cfg"
    setup.write_text(setup.read_text().replace("    fresh = sampan_fresh.plugin\n", ""))

    _, rules = run("python", "-m", "pytest", "-q", "-p", "no:cacheprovider", *BROKEN)
    _, linted = run("python", "tools/lint-imports")

    failed = {line.split("::")[1].split(" ")[0] for line in rules.splitlines() if line.startswith("FAILED")}
    assert failed >= {
        "test_every_plugin_has_a_whole_manual_page",  # no README.md
        "test_every_plugin_can_be_found",  # no line in setup.cfg
        "test_the_tables_of_settings_are_what_the_tool_writes_now",  # no `make docs`
        "test_libraries_stay_in_their_place",  # falcon
        "test_plugins_keep_to_the_public_names",  # sampan_rbac
    }
    assert "sampan_fresh is not allowed to import sampan_rbac" in linted
