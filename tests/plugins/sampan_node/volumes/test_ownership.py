import os
import stat

import pytest

from sampan_node.volumes import ownership

pytestmark = pytest.mark.root


def seen(path):
    found = os.lstat(path)
    return found.st_gid, stat.S_IMODE(found.st_mode)


@pytest.fixture
def tree(tmp_path):
    folder = tmp_path / "volume"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "file").write_text("x")
    (folder / "deep" / "file").chmod(0o600)
    (folder / "deep").chmod(0o700)
    folder.chmod(0o755)
    return folder


def test_files_and_directories_are_given_to_the_group(tree):
    ownership.apply(tree, {"fsGroup": 2000})

    assert seen(tree) == (2000, 0o2775)
    assert seen(tree / "deep") == (2000, 0o2770)
    assert seen(tree / "deep" / "file") == (2000, 0o660)


def test_a_link_leads_nowhere(tree, tmp_path):
    outside = tmp_path / "outside"
    outside.write_text("x")
    outside.chmod(0o600)
    (tree / "link").symlink_to(outside)
    (tree / "folder").symlink_to(tmp_path)
    before = seen(outside), seen(tmp_path)

    ownership.apply(tree, {"fsGroup": 2000})

    assert (seen(outside), seen(tmp_path)) == before
    assert seen(tree / "link")[0] == 2000


def test_a_pipe_does_not_hold_it_up(tree):
    os.mkfifo(tree / "pipe")

    ownership.apply(tree, {"fsGroup": 2000})

    assert seen(tree / "pipe")[0] == 2000


def test_on_root_mismatch_looks_at_the_root_alone(tree):
    security = {"fsGroup": 2000, "fsGroupChangePolicy": "OnRootMismatch"}
    ownership.apply(tree, security)
    (tree / "new").write_text("x")
    os.chown(tree / "new", -1, 0)

    ownership.apply(tree, security)
    assert seen(tree / "new")[0] == 0

    ownership.apply(tree, {"fsGroup": 2000})
    assert seen(tree / "new")[0] == 2000


def test_without_a_group_nothing_changes(tree):
    ownership.apply(tree, {})

    assert seen(tree / "deep")[1] == 0o700
