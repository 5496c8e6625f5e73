import pytest

from sampan_cri import logs
from sampan_runtime.contracts import RuntimeFailure, SandboxSpec


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setattr(logs, "LARGEST", 10)
    path = tmp_path / "ns_pod_uid" / "main" / "0.log"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x" * 11)
    return path


def test_a_pods_folder_and_a_containers_file_are_named_as_kubelets(tmp_path):
    spec = SandboxSpec(name="web", namespace="shop", uid="u-1")

    assert logs.folder_of(tmp_path, spec) == tmp_path / "shop_web_u-1"
    assert logs.path_of("main", 2) == "main/2.log"


def test_a_large_log_is_rotated_and_the_runtime_opens_a_new_one(file):
    opened = []
    rotation = logs.Rotation(lambda: [("id", str(file)), ("gone", f"{file}x")], opened.append)

    rotation.look()
    file.write_bytes(b"new")
    rotation.look()

    assert opened == ["id"]
    assert file.with_name("0.log.1").read_bytes() == b"x" * 11


def test_a_log_that_the_runtime_does_not_reopen_keeps_its_name(file):
    def refuse(_):
        raise RuntimeFailure("RuntimeError", "away")

    logs.Rotation(lambda: [("id", str(file))], refuse).look()

    assert file.read_bytes() == b"x" * 11
    assert not file.with_name("0.log.1").exists()


def test_a_log_goes_with_what_was_rotated_and_with_folders_that_are_empty(file, tmp_path):
    file.with_name("0.log.1").touch()

    logs.remove(file, tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_files_elsewhere_stay(file, tmp_path):
    logs.remove(file, tmp_path / "other")

    assert file.exists()


def test_the_thread_ends_when_closed():
    rotation = logs.Rotation(list, lambda _: None)
    rotation.start()
    rotation.close()

    assert not rotation._thread.is_alive()
