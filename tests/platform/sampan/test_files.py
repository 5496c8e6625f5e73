from __future__ import annotations

import os

import pytest

from sampan.files import write_whole


def test_the_whole_content_is_replaced_and_nothing_else_is_left(tmp_path):
    path = tmp_path / "one.json"
    path.write_text("a longer text than the new one")

    write_whole(path, "new")
    write_whole(tmp_path / "two.crt", b"\xff", mode=0o600)

    assert path.read_text() == "new"
    assert (tmp_path / "two.crt").read_bytes() == b"\xff"
    assert os.stat(tmp_path / "two.crt").st_mode & 0o777 == 0o600
    assert sorted(each.name for each in tmp_path.iterdir()) == ["one.json", "two.crt"]


def test_a_failure_leaves_the_old_file_and_no_draft(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "within").touch()

    with pytest.raises(OSError):
        write_whole(tmp_path / "one", "new")

    assert [each.name for each in tmp_path.iterdir()] == ["one"]
