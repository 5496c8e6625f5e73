"""What is built can be installed elsewhere and works there: every package and data file is in the wheel."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import venv
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

PLANKS = ("platform", "plugins", "addons")
SUFFIXES = (".py", ".gz", ".json", ".yaml", ".msgpack", ".in")
SECONDS = 900


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


@pytest.fixture
def installed(wheel, tmp_path):
    """A function that runs a program of a virtual environment with the wheel, and returns what it printed. The code and
    the commands come from the wheel alone; libraries come from the folder ``lent``, which brings no editable install
    along."""
    place, home = tmp_path / "empty", tmp_path / "home"
    venv.create(place, with_pip=False)
    pip(sys.executable, "--python", str(place / "bin" / "python"), "install", "--no-deps", str(wheel))
    environ = {"PATH": "/usr/bin:/bin", "SAMPAN_HOME": str(home)}

    def run(lent, program, *arguments):
        site = next((place / "lib").glob("python*/site-packages"))
        (site / "lent.pth").write_text(f"{lent}\n")
        done = subprocess.run(
            [place / "bin" / program, *arguments],
            capture_output=True, text=True, timeout=600, env=environ, cwd=tmp_path, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    run.home = home
    return run


def closure(name, extra=""):
    """A distribution and all that it requires, by name."""
    found, waiting = {}, [(name, extra)]
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in found:
            continue
        found[name, extra] = dist = distribution(name)
        wanted = [Requirement(line) for line in dist.requires or ()]
        for one in wanted:
            if one.marker is None or one.marker.evaluate({"extra": extra}):
                waiting += [(one.name, more) for more in one.extras or ("",)]
    return {dist.name: dist for dist in found.values()}


def lend(dists, folder):
    """A folder with links to these distributions alone."""
    folder.mkdir()
    for dist in dists:
        for top in {file.parts[0] for file in dist.files or () if file.parts[0] not in ("..", "__pycache__")}:
            os.symlink(dist.locate_file(top), folder / top)
    return folder


def states(listed):
    return {line.split()[0]: line.split()[1] for line in listed.splitlines()[1:] if not line.startswith(" ")}


def test_the_installed_wheel_works_in_an_empty_place(installed, tmp_path):
    everything = sysconfig.get_path("purelib")

    origin = installed(everything, "python", "-c", "import sampan; print(sampan.__file__)")
    assert Path(origin).is_relative_to(tmp_path / "empty")
    assert installed(everything, "sampan", "--version").startswith("sampan ")
    found = states(installed(everything, "sampan", "plugins", "list"))
    assert set(found.values()) == {"on"}
    assert len(found) > 15


def test_without_any_extra_the_core_starts_and_serves(installed, tmp_path):
    libraries = closure("sampan")
    del libraries["sampan"]
    core = lend(libraries.values(), tmp_path / "core")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    installed.home.mkdir()
    (installed.home / "sampan.yaml").write_text("node: {enabled: false}  # nothing of the machine is used\n")

    listed = installed(core, "sampan", "plugins", "list")
    try:
        said = installed(core, "sampan", "up", "--port", str(port))
        answered = installed(core, "python", "-c", ASKS)
        checked = installed(core, "sampan", "doctor")
    finally:
        installed(core, "sampan", "down")

    found = states(listed)
    assert {name for name, state in found.items() if state != "on"} == {
        "cri",
        "csi",
        "deviceplugins",
        "docker",
        "dra",
        "etcd",
        "kms",
        "podnetwork",
        "postgres",
    }
    assert {found["cri"], found["csi"], found["docker"], found["etcd"], found["postgres"]} == {"unavailable"}
    assert "    needs grpcio, which is not installed: pip install 'sampan[etcd]' and start again\n" in listed
    assert "  addon    dns is left out: it needs dnslib, which is not installed: pip install 'sampan[dns]'" in said
    assert answered.splitlines()[-1] == "stored"
    assert "note  plugin docker is left out: it needs docker" in checked


ASKS = """
import os
from sampan.contracts.kinds import Resource
from sampan_client import Client

MAPS = Resource("", "v1", "configmaps", "ConfigMap")
client = Client.from_kubeconfig(os.path.join(os.environ["SAMPAN_HOME"], "kubeconfig"))
metadata = {"name": "a", "namespace": "default"}
client.create(MAPS, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"is": "stored"}})
print(client.get(MAPS, "a", "default")["data"]["is"])
client.close()
"""
