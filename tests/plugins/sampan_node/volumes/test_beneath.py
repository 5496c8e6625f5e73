import os
import stat

import pytest

from sampan_node.volumes import beneath
from sampan_node.volumes.beneath import PathEscape


@pytest.fixture(params=["openat2", "walking"])
def way(request, monkeypatch):
    """Both ways of finding: the kernel's and the portable one."""

    def none(top, names):
        raise NotImplementedError

    if request.param == "walking":
        monkeypatch.setattr(beneath, "find_by_openat2", none)
    else:
        monkeypatch.setattr(beneath, "find_by_walking", none)
    return request.param


@pytest.fixture
def top(tmp_path):
    volume = tmp_path / "volume"
    (volume / "a" / "b").mkdir(parents=True)
    (volume / "a" / "file").write_text("inside")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "file").write_text("outside")
    with beneath.opened(volume) as descriptor:
        yield descriptor


def place(descriptor):
    found = os.readlink(f"/proc/self/fd/{descriptor}")
    os.close(descriptor)
    return found


@pytest.mark.parametrize("path", ["a/b", "./a//b/", "in/b", "in/b/../b", "up/a/b", "chain/b"])
def test_links_that_stay_inside_are_followed(tmp_path, top, way, path):
    volume = tmp_path / "volume"
    (volume / "in").symlink_to("a")
    (volume / "a" / "back").symlink_to("..")
    (volume / "up").symlink_to("a/b/../..")
    (volume / "chain").symlink_to("a/back/in")

    found = place(beneath.find(top, path.replace("/../b", "")))

    assert found == str(volume / "a" / "b")


@pytest.mark.parametrize("target", ["/", "..", "../outside", "a/../../outside", "a/b/../../..", "/proc/self/root"])
def test_links_that_lead_out_are_refused_and_nothing_is_made(tmp_path, top, way, target):
    volume = tmp_path / "volume"
    (volume / "link").symlink_to(target)

    for path in ("link", "link/planted/deep"):
        with pytest.raises(PathEscape):
            beneath.make(top, path, 0o777)

    assert sorted(os.listdir(tmp_path)) == ["outside", "volume"]
    assert os.listdir(tmp_path / "outside") == ["file"]


@pytest.mark.parametrize("path", ["/a", "..", "a/../..", "../volume"])
def test_a_path_that_says_so_itself_is_refused(top, way, path):
    with pytest.raises(PathEscape, match="relative path"):
        beneath.find(top, path)


def test_a_link_in_a_circle_ends(tmp_path, top, way):
    (tmp_path / "volume" / "round").symlink_to("round/x")

    with pytest.raises(OSError, match="symbolic links"):
        beneath.find(top, "round")


def test_a_file_is_no_directory(top, way):
    for path in ("a/file/x", "a/file/x/y"):
        with pytest.raises(NotADirectoryError):
            beneath.make(top, path, 0o755)


def test_missing_directories_are_made_with_their_mode(tmp_path, top, way):
    old = os.umask(0o077)
    try:
        found = place(beneath.make(top, "a/new/deep", 0o2775))
    finally:
        os.umask(old)

    assert found == str(tmp_path / "volume/a/new/deep")
    for path in ("a/new", "a/new/deep"):
        assert stat.S_IMODE((tmp_path / "volume" / path).stat().st_mode) == 0o2775


def test_a_link_to_nowhere_is_not_made_to_lead_somewhere(tmp_path, top, way):
    (tmp_path / "volume" / "dangling").symlink_to("nowhere")

    with pytest.raises(OSError):
        beneath.make(top, "dangling/x", 0o755)

    assert sorted(os.listdir(tmp_path / "volume")) == ["a", "dangling"]


def test_a_very_deep_path_needs_few_descriptors(tmp_path, top, way):
    open_files = len(os.listdir("/proc/self/fd"))
    most = 0
    watched = beneath.make_directory

    def counted(parent, name, mode):
        nonlocal most
        most = max(most, len(os.listdir("/proc/self/fd")))
        return watched(parent, name, mode)

    beneath.make_directory = counted
    try:
        os.close(beneath.make(top, "/".join(["d"] * 300), 0o755))
    finally:
        beneath.make_directory = watched

    assert most <= open_files + 4
    assert len(os.listdir("/proc/self/fd")) == open_files


def test_nothing_outside_is_ever_reached_while_names_are_swapped(tmp_path, top, way, swapping):
    """Another thread turns a directory into a link to the outside and back, as a container can, all the while."""
    volume = tmp_path / "volume"
    outside = os.stat(tmp_path / "outside")
    (volume / "real").mkdir()
    (volume / "trap").symlink_to("../outside")

    seen = {"found": 0, "refused": 0}
    with swapping(volume / "real", volume / "trap") as thread:
        while min(seen.values()) < 50 and thread.is_alive():
            try:
                made = beneath.make(top, f"real/x{seen['found']}", 0o777)
            except OSError:
                seen["refused"] += 1
                continue
            seen["found"] += 1
            parent = os.stat("..", dir_fd=made)
            os.close(made)
            assert (parent.st_dev, parent.st_ino) != (outside.st_dev, outside.st_ino)
    assert os.listdir(tmp_path / "outside") == ["file"]
    assert min(seen.values()) >= 50


def test_a_directory_that_another_makes_meanwhile_is_the_one_that_is_given(tmp_path, top, monkeypatch):
    volume, find = tmp_path / "volume", beneath.find

    def late(top, path):
        if path == "a/new":
            (volume / "a" / "new").mkdir(exist_ok=True)
            monkeypatch.setattr(beneath, "find", find)
            raise FileNotFoundError(path)
        return find(top, path)

    monkeypatch.setattr(beneath, "find", late)

    assert place(beneath.make(top, "a/new", 0o755)) == str(volume / "a" / "new")
    assert os.listdir(volume / "a" / "new") == []


def test_an_old_kernel_is_served_by_walking(tmp_path, top, monkeypatch):
    monkeypatch.setattr(beneath, "_SYS_OPENAT2", 9999)

    assert place(beneath.find(top, "a/b")) == str(tmp_path / "volume/a/b")


def test_files_are_neither_written_nor_read_through_links(tmp_path, top):
    (tmp_path / "volume" / "link").symlink_to("../outside/file")
    os.mkfifo(tmp_path / "volume" / "fifo")

    with pytest.raises(FileExistsError):
        beneath.make_file(top, "link", 0o644, b"x")

    assert beneath.read_file(top, "link", 10) is None
    assert beneath.read_file(top, "fifo", 10) is None
    assert (tmp_path / "outside" / "file").read_text() == "outside"
