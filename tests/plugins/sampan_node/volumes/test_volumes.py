import os
from pathlib import Path

import pytest

from sampan_node.pod import termination
from sampan_node.pod.environment import ConfigProblem
from sampan_node.volumes import atomic, mounting
from sampan_node.volumes.subpaths import SubPaths
from sampan_node.volumes.volumes import MountProblem, Volumes, container_mounts, host_path


def volumes(tmp_path, objects=None):
    found = objects or {}
    return Volumes(
        tmp_path, lambda kind, name: found.get((kind, name)), lambda pod, projection: "secret-token", {"cpu": "2"}
    )


def pod(*sources):
    meta = {"name": "web", "namespace": "default", "labels": {"a": "b"}}
    return {"metadata": meta, "spec": {"containers": [], "volumes": [{"name": "v", **source} for source in sources]}}


def test_files_are_swapped_all_at_once(tmp_path):
    atomic.write(tmp_path, {"a": atomic.File(b"1"), "deep/b": atomic.File(b"2", 0o600)})
    first = os.readlink(tmp_path / "..data")

    assert atomic.write(tmp_path, {"a": atomic.File(b"3")})

    assert (tmp_path / "a").read_bytes() == b"3"
    assert not (tmp_path / "deep").exists()
    assert os.readlink(tmp_path / "..data") != first
    assert not (tmp_path / first).exists()
    assert not atomic.write(tmp_path, {"a": atomic.File(b"3")})


def test_a_config_map_is_shown_with_items_and_modes(tmp_path):
    objects = {("ConfigMap", "m"): {"data": {"k": "v"}, "binaryData": {"b": "AAE="}}}
    source = {"configMap": {"name": "m", "items": [{"key": "b", "path": "x/y", "mode": 0o600}]}}

    place = volumes(tmp_path, objects).set_up(pod(source))["v"]

    assert (place / "x" / "y").read_bytes() == b"\0\1"
    assert (place / "x" / "y").stat().st_mode & 0o777 == 0o600
    assert not (place / "k").exists()


def test_a_missing_secret_is_a_mount_problem_unless_optional(tmp_path):
    with pytest.raises(MountProblem, match='secret "none" not found'):
        volumes(tmp_path).set_up(pod({"secret": {"secretName": "none"}}))
    assert volumes(tmp_path).set_up(pod({"secret": {"secretName": "none", "optional": True}}))


def test_projections_are_joined(tmp_path):
    sources = [
        {"serviceAccountToken": {"path": "token"}},
        {"downwardAPI": {"items": [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]}},
    ]

    place = volumes(tmp_path).set_up(pod({"projected": {"sources": sources}}))["v"]

    assert (place / "token").read_text() == "secret-token"
    assert (place / "labels").read_text() == 'a="b"'


@pytest.mark.root
@pytest.mark.parametrize(
    ("users", "common", "wanted"),
    [
        ([None], {}, (0o644, 0, 0)),
        ([1000], {}, (0o600, 1000, 0)),
        ([None, None], {"runAsUser": 1000}, (0o600, 1000, 0)),
        ([1000, 2000], {}, (0o644, 0, 0)),
        ([1000, None], {}, (0o644, 0, 0)),
        ([None], {"fsGroup": 3000}, (0o640, 0, 3000)),
        ([1000, 2000], {"fsGroup": 3000}, (0o640, 0, 3000)),
        ([1000], {"fsGroup": 3000}, (0o640, 1000, 3000)),
    ],
)
def test_a_token_is_for_the_user_that_the_pod_has(tmp_path, users, common, wanted):
    made = pod({"projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}})
    made["spec"]["securityContext"] = common
    made["spec"]["containers"] = [{"securityContext": {} if user is None else {"runAsUser": user}} for user in users]

    file = (volumes(tmp_path).set_up(made)["v"] / "token").stat()

    assert (file.st_mode & 0o777, file.st_uid, file.st_gid) == wanted


def test_everybody_may_write_to_an_empty_dir(tmp_path):
    place = volumes(tmp_path).set_up(pod({"emptyDir": {}}))["v"]

    assert place.stat().st_mode & 0o777 == 0o777


def test_host_paths_are_checked_and_made(tmp_path):
    assert host_path({"path": str(tmp_path / "new"), "type": "DirectoryOrCreate"}).is_dir()
    with pytest.raises(ConfigProblem, match="is not a file"):
        host_path({"path": str(tmp_path), "type": "File"})


@pytest.fixture
def mounts_of(tmp_path):
    """container_mounts for one container of a pod whose folder is beside the volume."""
    volume = tmp_path / "volume"
    volume.mkdir(mode=0o750)
    subpaths = SubPaths(tmp_path / "pod", "c")

    def made(*mounts, env=None):
        container = {"name": "c", "volumeMounts": [{"name": "v", "mountPath": "/m", **mount} for mount in mounts]}
        return container_mounts(container, {"v": volume}, env or {}, subpaths)

    yield made
    subpaths.clear()
    assert mounting.below(tmp_path) == []


@pytest.mark.parametrize("sub", ["../x", "/x", "a/../../x", "link/x", "up/x", "dangling/x", "file/x"])
def test_sub_paths_stay_in_their_volume(tmp_path, mounts_of, sub):
    volume = tmp_path / "volume"
    (volume / "link").symlink_to("/")
    (volume / "up").symlink_to("../")
    (volume / "dangling").symlink_to("none")
    (volume / "file").touch()

    with pytest.raises(ConfigProblem, match='volumeMount "v" of container "c": ' + sub):
        mounts_of({"subPath": sub})

    assert not list(tmp_path.rglob("x"))


def test_sub_path_expressions_are_expanded(tmp_path, mounts_of):
    (mount,) = mounts_of({"subPathExpr": "$(WHO)"}, env={"WHO": "me"})

    assert os.path.samefile(mount.host_path, tmp_path / "volume" / "me")
    assert (tmp_path / "volume" / "me").stat().st_mode & 0o777 == 0o750


@pytest.mark.root
def test_a_sub_path_is_what_it_was_when_it_was_checked(tmp_path, mounts_of):
    volume = tmp_path / "volume"
    (tmp_path / "outside").mkdir()
    (mount,) = mounts_of({"subPath": "data"})

    (volume / "data").rename(volume / "moved")
    (volume / "data").symlink_to("../outside")

    assert os.path.samefile(mount.host_path, volume / "moved")
    assert str(volume) not in mount.host_path


@pytest.mark.root
def test_no_swap_while_mounting_leads_out_of_the_volume(tmp_path, mounts_of, swapping):
    """Another thread swaps a directory and a link to the outside all the while; the outside is never mounted."""
    volume, outside = tmp_path / "volume", tmp_path / "outside"
    outside.mkdir()
    (volume / "data").mkdir()
    (volume / "trap").symlink_to("../outside")

    mounted = refused = 0
    with swapping(volume / "data", volume / "trap"):
        while (mounted < 100 or refused < 100) and mounted + refused < 100_000:
            try:
                (mount,) = mounts_of({"subPath": "data"})
            except ConfigProblem:
                refused += 1
                continue
            mounted += 1
            assert not os.path.samefile(mount.host_path, outside)
    assert mounted >= 100 and refused >= 100


def test_without_root_the_runtime_gets_the_checked_path(tmp_path, mounts_of, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    (tmp_path / "volume" / "real").mkdir()
    (tmp_path / "volume" / "link").symlink_to("real")

    (mount,) = mounts_of({"subPath": "link"})

    assert mount.host_path == str(tmp_path / "volume" / "real")


@pytest.mark.root
@pytest.mark.parametrize("seen", [True, False])
def test_a_memory_volume_is_mounted_where_the_runtime_sees_it(tmp_path, seen):
    made = Volumes(tmp_path / "volumes", lambda kind, name: None, lambda pod, projection: "", {}, memory=seen)

    place = made.set_up(pod({"emptyDir": {"medium": "Memory"}}))["v"]

    assert os.path.ismount(place) == seen
    assert place.stat().st_mode & 0o777 == 0o777
    made.remove()
    assert mounting.below(tmp_path) == []


def test_a_runtime_that_does_not_see_our_mounts_gets_the_checked_path(tmp_path):
    (tmp_path / "volume" / "data").mkdir(parents=True)

    found = SubPaths(tmp_path / "pod", "c", seen=False).pin(tmp_path / "volume", "data", shared=False)

    assert found == tmp_path / "volume" / "data"
    assert mounting.below(tmp_path) == []


@pytest.mark.root
def test_a_file_and_a_key_of_a_config_map_can_be_sub_paths(tmp_path, mounts_of):
    atomic.write(tmp_path / "volume", {"key": atomic.File(b"1")})

    (mount,) = mounts_of({"subPath": "key"})

    assert Path(mount.host_path).read_bytes() == b"1"


@pytest.mark.root
def test_what_is_mounted_is_never_deleted_with_the_pod(tmp_path, mounts_of):
    (tmp_path / "volume" / "data").mkdir()
    (tmp_path / "volume" / "data" / "kept").touch()
    (mount,) = mounts_of({"subPath": "data"})
    assert mounting.below(tmp_path) == [Path(mount.host_path)]

    termination.remove(tmp_path / "pod")

    assert not (tmp_path / "pod").exists()
    assert (tmp_path / "volume" / "data" / "kept").exists()


def test_a_folder_that_cannot_be_unmounted_stays(tmp_path, monkeypatch):
    (tmp_path / "pod").mkdir()
    monkeypatch.setattr(mounting, "below", lambda folder: [folder / "volume-subpaths/c/0"])

    termination.remove(tmp_path / "pod")

    assert (tmp_path / "pod").exists()


def test_links_planted_in_a_projected_volume_are_not_followed(tmp_path):
    folder, outside = tmp_path / "volume", tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("kept")
    atomic.write(folder, {"a": atomic.File(b"1")})
    (folder / "..data").unlink()
    (folder / "..data").symlink_to("../outside")
    (folder / "..data_tmp").symlink_to("../outside")

    assert atomic.write(folder, {"a": atomic.File(b"2"), "kept": atomic.File(b"mine")})

    assert (folder / "a").read_bytes() == b"2"
    assert os.listdir(outside) == ["kept"]
    assert (outside / "kept").read_text() == "kept"


@pytest.mark.parametrize("path", ["../out", "/out", "a/../../out"])
def test_an_item_s_path_stays_in_its_volume(tmp_path, path):
    objects = {("ConfigMap", "m"): {"data": {"k": "v"}}}
    source = {"configMap": {"name": "m", "items": [{"key": "k", "path": path}]}}

    with pytest.raises(MountProblem, match="must be a relative path"):
        volumes(tmp_path / "volumes", objects).set_up(pod(source))

    assert not list(tmp_path.rglob("out"))


def test_host_paths_are_never_made_through_a_link_that_leads_nowhere(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")

    for kind in ("DirectoryOrCreate", "FileOrCreate"):
        for path in (tmp_path / "link", tmp_path / "link" / "x"):
            with pytest.raises((ConfigProblem, OSError)):
                host_path({"path": str(path), "type": kind})

    assert not (tmp_path / "elsewhere").exists()


def test_what_is_made_for_a_host_path_has_its_mode_whatever_the_mask(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    old = os.umask(0o077)
    try:
        host_path({"path": str(tmp_path / "link" / "d" / "e"), "type": "DirectoryOrCreate"})
        host_path({"path": str(tmp_path / "f"), "type": "FileOrCreate"})
    finally:
        os.umask(old)

    assert (tmp_path / "real" / "d" / "e").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "f").stat().st_mode & 0o777 == 0o644
