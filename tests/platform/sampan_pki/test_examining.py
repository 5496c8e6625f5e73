"""Each key and certificate, damaged in each way: the file and the way out are named, and a start does just that."""

from __future__ import annotations

import shutil

import pytest

from sampan.errors import ConfigError
from sampan_pki import client_certificate, ensure
from sampan_pki.examining import damages

NODE = {"node_name": "n1", "node_ips": ["10.0.0.7"], "service_ip": "10.96.0.1"}
PAIRS = (
    "ca", "front-proxy-ca", "server", "kubelet", "apiserver-kubelet-client", "front-proxy-client", "nginx-client",
    "clients/admin",
)  # fmt: skip
FILES = (*(f"{pair}.{end}" for pair in PAIRS for end in ("crt", "key")), "sa.key", "sa.pub")
HOWS = ("empty", "binary", "truncated", "missing", "of another", "directory")


def make(directory):
    ensure(directory, **NODE)
    client_certificate(directory, "admin", "admin", ("system:masters",))
    return directory


@pytest.fixture(scope="module")
def templates(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", lambda descriptor: None)
        yield make(tmp_path_factory.mktemp("one")), make(tmp_path_factory.mktemp("other"))


def damage(root, other, name, how):
    path = root / name
    if how == "directory":
        path.unlink()
        path.mkdir()
    elif how == "missing":
        path.unlink()
    else:
        content = path.read_bytes()
        path.write_bytes({
            "empty": b"", "binary": bytes(range(256)), "truncated": content[: len(content) // 2],
            "of another": (other / name).read_bytes(),
        }[how])  # fmt: skip


def started(root):
    """Whether a start goes on."""
    try:
        make(root)
    except ConfigError:
        return False
    return True


def test_sound_files_are_passed_over(templates, tmp_path):
    assert list(damages(templates[0])) == []
    assert list(damages(tmp_path / "none")) == []
    assert list(damages(tmp_path)) == []


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("name", FILES)
def test_each_damage_is_named_with_the_way_out_and_is_what_a_start_makes_of_it(name, how, templates, tmp_path):
    root = shutil.copytree(templates[0], tmp_path / "pki")
    damage(root, templates[1], name, how)
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}

    found = list(damages(root))

    alone = name.endswith(".crt") and how == "missing" and name not in ("ca.crt", "front-proxy-ca.crt")
    if alone or (name == "sa.pub" and how == "missing"):  # made again without a word: no client trusts it
        assert found == []
    else:
        assert any(str(root / name).rpartition(".")[0] in each.sentence for each in found)
        assert any(way in found[0].sentence for way in ("backup", "issues it again", "must be a file", "makes another"))
    assert before == {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    assert all(each.heals for each in found) == started(root)


def test_a_machine_that_has_joined_another_cluster_has_no_key_of_its_authority(templates, tmp_path):
    for name in ("ca.crt", "kubelet.crt", "kubelet.key"):
        shutil.copy(templates[0] / name, tmp_path / name)
    assert list(damages(tmp_path)) == []

    shutil.copy(templates[1] / "kubelet.crt", tmp_path / "kubelet.crt")
    (found,) = damages(tmp_path)
    assert "join the cluster again" in found.sentence and not found.heals
    (tmp_path / "ca.crt").write_bytes(b"")
    assert str(tmp_path / "ca.crt") in next(iter(damages(tmp_path))).sentence
