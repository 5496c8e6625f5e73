"""What `sampan plugins new` writes works at once, and harms nothing that is there."""

from __future__ import annotations

import configparser
import os
import subprocess
import sys

import pytest

from sampan.errors import ConfigError
from sampan_operate.cli import main
from sampan_operate.scaffold import KINDS, write


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_plugin_passes_its_own_test(kind, tmp_path):
    write("blue-boat", kind, tmp_path)

    place = tmp_path / "blue-boat"
    environ = {**os.environ, "PYTHONPATH": str(place), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=place, env=environ, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout
    assert "passed" in done.stdout


def test_it_names_its_entry_point_and_its_package(tmp_path):
    write("blue-boat", "addon", tmp_path)

    setup = configparser.ConfigParser()
    setup.read(tmp_path / "blue-boat" / "setup.cfg")
    assert setup["options.entry_points"]["sampan.addons"].strip() == "blue-boat = blue_boat.plugin"
    assert setup["options"]["packages"] == "blue_boat"
    assert (tmp_path / "blue-boat" / "blue_boat" / "__init__.py").is_file()


def test_no_placeholder_is_left_and_the_code_is_in_order(tmp_path):
    for kind in KINDS:
        for path in write(f"a-{kind}", kind, tmp_path):
            assert "@" not in path.read_text().replace("@hookimpl", "").replace("@dataclass", "").replace("@pytest", "")
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--isolated", "--select=E,F,W", "--line-length=120", str(tmp_path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Blue", "cannot be a plugin's name"),
        ("a--b", "cannot be a plugin's name"),
        ("../x", "cannot be a plugin's name"),
        ("x" * 41, "cannot be a plugin's name"),
        ("json", "a Python module called json already"),
        ("class", "a Python module called class already"),
        ("rbac", "a plugin called rbac is installed already"),
    ],
)
def test_a_name_that_cannot_be_used_is_refused(name, words, tmp_path):
    with pytest.raises(ConfigError, match=words):
        write(name, "kind", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(tmp_path):
    (tmp_path / "boat").mkdir()

    with pytest.raises(ConfigError, match="is there already, and nothing is overwritten"):
        write("boat", "kind", tmp_path)


def test_the_command_says_what_it_wrote_and_what_comes_next(tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["plugins", "new", "boat", "--kind", "admission", "--into", str(tmp_path)])

    said = capsys.readouterr().out
    assert ended.value.code == 0
    assert str(tmp_path / "boat" / "boat" / "rule.py") in said
    assert said.endswith(f"cd {tmp_path}/boat && pip install -e '.[dev]' && pytest\n")
