import subprocess

import pytest

from sampan_csi.mounts import is_mounted


@pytest.mark.root
def test_a_bind_mount_is_seen(tmp_path):
    place = tmp_path / "a place"
    place.mkdir()
    assert not is_mounted(place)

    subprocess.run(["mount", "--bind", str(tmp_path), str(place)], check=True)
    try:
        assert is_mounted(place)
    finally:
        subprocess.run(["umount", str(place)], check=True)
    assert not is_mounted(tmp_path / "none")
