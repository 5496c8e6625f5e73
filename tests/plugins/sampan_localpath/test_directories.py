import os
import stat

import pytest

from sampan_localpath import directories


def test_every_user_may_write_to_a_new_directory_but_not_list_the_root(tmp_path):
    made = directories.make(tmp_path / "root", "pvc-1_default_data")

    assert stat.S_IMODE(made.stat().st_mode) == 0o777
    assert stat.S_IMODE((tmp_path / "root").stat().st_mode) & 0o066 == 0


def test_what_is_in_a_directory_stays_as_it_is(tmp_path):
    made = directories.make(tmp_path, "pvc-1_default_data")
    (made / "file").write_text("kept")
    made.chmod(0o700)

    directories.make(tmp_path, "pvc-1_default_data")

    assert (made / "file").read_text() == "kept"
    assert stat.S_IMODE(made.stat().st_mode) == 0o700


def test_a_link_in_its_place_is_refused(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "pvc-1_default_data").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(OSError, match="pvc-1_default_data"):
        directories.make(tmp_path, "pvc-1_default_data")


def test_a_directory_is_removed_with_all_in_it_and_links_lead_nowhere(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("kept")
    made = directories.make(tmp_path / "root", "pvc-1_default_data")
    (made / "deep").mkdir()
    os.symlink(outside, made / "deep" / "link")

    directories.remove(made, "pvc-1")

    assert not made.exists()
    assert (outside / "file").exists()
    directories.remove(made, "pvc-1")  # again, after a crash


@pytest.mark.parametrize("name", ["pvc-2_default_data", "data", "pvc-1"])
def test_nothing_is_removed_that_does_not_bear_the_volume_s_name(tmp_path, name):
    (tmp_path / name).mkdir()

    with pytest.raises(OSError, match="no directory that was made for volume pvc-1"):
        directories.remove(tmp_path / name, "pvc-1")
    assert (tmp_path / name).is_dir()
