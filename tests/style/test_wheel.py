"""What is built can be installed elsewhere and works there: every package and data file is in the wheel."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile

import pytest

PLANKS = ("platform", "plugins", "addons")
SUFFIXES = (".py", ".gz", ".json", ".yaml", ".msgpack", ".in")
SECONDS = 300


def wanted(root):
    """Modules and data files, by their paths in a wheel."""
    return {
        str(path.relative_to(root / plank))
        for plank in PLANKS
        for path in (root / plank).rglob("*")
        if path.suffix in SUFFIXES and not any(part.startswith("__pycache") or ".egg" in part for part in path.parts)
    }


def lacking(wheel, root):
    with zipfile.ZipFile(wheel) as archive:
        return sorted(wanted(root) - set(archive.namelist()))


@pytest.fixture(scope="module")
def wheel(root, tmp_path_factory):
    """Built from a copy, so that nothing is left in the tree."""
    work = tmp_path_factory.mktemp("wheel")
    source = work / "source"
    source.mkdir()
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(root / name, source)
    for plank in PLANKS:
        shutil.copytree(root / plank, source / plank, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    pip(sys.executable, "wheel", "--no-deps", "--no-build-isolation", "-w", str(work), str(source))
    return next(work.glob("sampan-*.whl"))


def pip(python, *argv):
    command = [python, "-m", "pip", "--disable-pip-version-check", "-q", *argv]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stderr


def test_the_wheel_holds_every_module_and_data_file(wheel, root):
    assert lacking(wheel, root) == []


def test_the_rule_catches_a_file_left_out(wheel, root, tmp_path):
    with zipfile.ZipFile(tmp_path / "thin.whl", "w") as archive:
        archive.writestr("sampan/__init__.py", "")

    assert "sampan/errors.py" in lacking(tmp_path / "thin.whl", root)


def test_the_installed_wheel_works_in_an_empty_place(wheel, tmp_path):
    """The code and the command come from the wheel alone; its dependencies are lent by this environment, by a path
    that brings no editable install along."""
    place = tmp_path / "empty"
    venv.create(place, with_pip=False)
    python = place / "bin" / "python"
    pip(sys.executable, "--python", str(python), "install", "--no-deps", str(wheel))
    site = next((place / "lib").glob("python*/site-packages"))
    (site / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")

    def run(*command):
        environ = {"PATH": "/usr/bin:/bin", "SAMPAN_HOME": str(tmp_path / "home")}
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=60, env=environ, cwd=tmp_path, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert run(python, "-c", "import sampan; print(sampan.__file__)").startswith(str(site))
    assert run(place / "bin" / "sampan", "--version").startswith("sampan ")
    lines = [line.split() for line in run(place / "bin" / "sampan", "plugins", "list").splitlines()]
    assert {line[1] for line in lines[1:]} == {"on"}
    assert len(lines) > 15
