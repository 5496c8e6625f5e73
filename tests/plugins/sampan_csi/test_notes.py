from sampan_csi import notes


def test_what_is_noted_is_read_again_and_nothing_where_nothing_was(tmp_path):
    assert notes.read(tmp_path) is None

    notes.write(tmp_path, driver="d", handle="h")

    assert notes.read(tmp_path) == {"driver": "d", "handle": "h"}
    assert [one.name for one in tmp_path.iterdir()] == [notes.DATA]


def test_a_mount_point_is_removed_whatever_it_is(tmp_path):
    folder, file = tmp_path / "folder", tmp_path / "file"
    folder.mkdir()
    file.touch()

    for place in (folder, file, tmp_path / "none"):
        notes.remove_empty(place)

    assert not list(tmp_path.iterdir())
