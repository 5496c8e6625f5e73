import os

import pytest

from sampan_node import atomic
from sampan_node.environment import ConfigProblem
from sampan_node.volumes import MountProblem, Volumes, container_mounts, host_path


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
    assert (place / "labels").read_text() == 'a="b"\n'


def test_everybody_may_write_to_an_empty_dir(tmp_path):
    place = volumes(tmp_path).set_up(pod({"emptyDir": {}}))["v"]

    assert place.stat().st_mode & 0o777 == 0o777


def test_host_paths_are_checked_and_made(tmp_path):
    assert host_path({"path": str(tmp_path / "new"), "type": "DirectoryOrCreate"}).is_dir()
    with pytest.raises(ConfigProblem, match="is not a file"):
        host_path({"path": str(tmp_path), "type": "File"})


@pytest.mark.parametrize("sub", ["../x", "/x", "a/../../x", "link/x"])
def test_sub_paths_stay_in_their_volume(tmp_path, sub):
    (tmp_path / "link").symlink_to("/")

    with pytest.raises(ConfigProblem):
        container_mounts({"volumeMounts": [{"name": "v", "mountPath": "/m", "subPath": sub}]}, {"v": tmp_path}, {})


def test_sub_path_expressions_are_expanded(tmp_path):
    mounts = [{"name": "v", "mountPath": "/m", "subPathExpr": "$(WHO)"}]

    assert container_mounts({"volumeMounts": mounts}, {"v": tmp_path}, {"WHO": "me"})[0].host_path == str(
        tmp_path / "me"
    )
