import pytest

from sampan_node.pod.environment import ConfigProblem
from sampan_node.volumes.claims import ClaimedVolume, MountProblem
from sampan_node.volumes.persistent import set_up
from sampan_volumes.contracts import MountedVolume


def unknown(kind, source, volume, read_only):
    raise ConfigProblem(f"PersistentVolumes of type {kind} are not known to this node agent")


def claimed(**spec):
    return ClaimedVolume({"spec": {}}, {"metadata": {"name": "pv"}, "spec": {"capacity": {}, **spec}})


def test_a_local_volume_is_its_path(tmp_path):
    assert set_up(claimed(local={"path": str(tmp_path)}), unknown).path == tmp_path


def test_a_host_path_is_made_as_its_type_says(tmp_path):
    place = tmp_path / "a"

    assert set_up(claimed(hostPath={"path": str(place), "type": "DirectoryOrCreate"}), unknown).path == place
    assert place.is_dir()


def test_a_local_volume_whose_path_is_missing_is_not_made(tmp_path):
    with pytest.raises(MountProblem) as raised:
        set_up(claimed(local={"path": str(tmp_path / "none")}), unknown)

    assert str(raised.value) == (
        f'MountVolume.NewMounter initialization failed for volume "pv" : path "{tmp_path}/none" does not exist'
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["nfs", "csi", "iscsi", "fc"])
def test_another_type_is_refused_in_words(kind):
    with pytest.raises(ConfigProblem, match=f"PersistentVolumes of type {kind} are not known to this node agent"):
        set_up(claimed(**{kind: {}}), unknown)


def test_a_block_volume_has_to_be_a_device(tmp_path):
    with pytest.raises(ConfigProblem, match="is not a block device"):
        set_up(claimed(local={"path": str(tmp_path)}, volumeMode="Block"), unknown)


def test_a_plugin_mounts_what_is_not_known_here(tmp_path):
    asked = []

    def mount(*facts):
        asked.append(facts)
        return MountedVolume(tmp_path, True)

    volume = claimed(csi={"driver": "d"})
    assert set_up(volume, mount, read_only=True) == (tmp_path, True)
    assert asked == [("csi", {"driver": "d"}, volume.volume, True)]


def test_only_local_volumes_get_the_pod_s_group(tmp_path):
    assert set_up(claimed(local={"path": str(tmp_path)}), unknown).give_to_group
    assert not set_up(claimed(hostPath={"path": str(tmp_path)}), unknown).give_to_group
