import importlib
import os
from pathlib import Path

import pytest

import sampan_exec


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A root as it stands once volume /v is placed: no mounts are needed to see where things would be made."""
    monkeypatch.syspath_prepend(str(Path(sampan_exec.__file__).parent))  # run by path, beside rights.py
    rootfs = importlib.import_module("rootfs")
    made = rootfs.ContainerRoot.__new__(rootfs.ContainerRoot)
    made._top, made._shown, made._placed = str(tmp_path / "root"), {"/"}, ["/v"]
    (tmp_path / "root" / "v" / "real").mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    return made


def test_a_mount_point_is_made_in_a_volume(root, tmp_path):
    assert root._point("/v/real/a/b", directory=True) == "/v/real/a/b"
    assert root._point("/v/real/file", directory=False) == "/v/real/file"

    assert (tmp_path / "root/v/real/a/b").is_dir()
    assert (tmp_path / "root/v/real/file").is_file()


@pytest.mark.parametrize("directory", [True, False])
def test_nothing_is_made_behind_a_link_that_was_swapped_in_after_the_look(root, tmp_path, directory):
    (tmp_path / "root/v/swapped").symlink_to(tmp_path / "outside")

    with pytest.raises(OSError):
        root._make("/v/swapped", ["planted"], directory=directory)

    assert os.listdir(tmp_path / "outside") == []


def test_nothing_is_mounted_on_a_link_that_was_swapped_in_after_the_look(root, tmp_path):
    (tmp_path / "root/v/swapped").symlink_to(tmp_path / "outside")

    with pytest.raises(OSError), root._opened("/v/swapped"):
        pytest.fail("opened")
