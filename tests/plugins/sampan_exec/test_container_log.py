import pytest

from sampan_exec.container_log import ContainerLog


def test_a_log_is_never_written_through_a_link(tmp_path):
    (tmp_path / "outside").write_text("kept")
    (tmp_path / "log").symlink_to("outside")

    with pytest.raises(OSError):
        ContainerLog(str(tmp_path / "log")).write(1, b"line\n")

    assert (tmp_path / "outside").read_text() == "kept"
