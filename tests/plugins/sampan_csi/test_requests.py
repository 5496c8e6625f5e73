import pytest

from sampan_csi.requests import attaches, capability, check_lifecycle, owns_group, pod_info
from sampan_volumes.contracts import VolumeFailure, VolumeUse

POD = {
    "metadata": {"name": "web", "namespace": "ns", "uid": "u"},
    "spec": {"serviceAccountName": "me", "securityContext": {"fsGroup": 7}},
}


class Driver:
    name, capabilities = "d.test", frozenset({1, 6})


@pytest.mark.parametrize(
    ("policy", "fs", "modes", "wanted"),
    [
        ("File", "", ["ReadWriteMany"], True),
        ("None", "ext4", ["ReadWriteOnce"], False),
        ("", "ext4", ["ReadWriteOnce"], True),
        ("", "", ["ReadWriteOnce"], False),
        ("ReadWriteOnceWithFSType", "ext4", ["ReadWriteMany"], False),
    ],
)
def test_the_driver_says_whether_files_get_the_pod_s_group(policy, fs, modes, wanted):
    found = VolumeUse(pod=POD, source={"fsType": fs}, volume={"spec": {"accessModes": modes}})

    assert owns_group({"spec": {"fsGroupPolicy": policy}}, found) is wanted


def test_a_driver_gets_the_group_where_it_gives_files_to_it_itself():
    use = VolumeUse(pod=POD, source={"fsType": "ext4"}, volume={"spec": {"accessModes": ["ReadOnlyMany"]}})

    assert capability(use, Driver()) == {
        "mount": {"fs_type": "ext4", "mount_flags": [], "volume_mount_group": "7"}, "access_mode": {"mode": 3},
    }  # fmt: skip


def test_a_block_volume_has_neither_a_file_system_nor_a_group():
    use = VolumeUse(pod=POD, source={"fsType": "ext4"}, volume={"spec": {"volumeMode": "Block"}})

    assert capability(use, Driver()) == {"block": {}, "access_mode": {"mode": 1}}
    assert not owns_group({"spec": {"fsGroupPolicy": "File"}}, use)


def test_a_driver_learns_of_the_pod_where_it_asks():
    use = VolumeUse(pod=POD, source={})

    assert pod_info(use, {}) == {}
    assert pod_info(use, {"spec": {"podInfoOnMount": True}}) == {
        "csi.storage.k8s.io/pod.name": "web", "csi.storage.k8s.io/pod.namespace": "ns",
        "csi.storage.k8s.io/pod.uid": "u", "csi.storage.k8s.io/serviceAccount.name": "me",
        "csi.storage.k8s.io/ephemeral": "true",
    }  # fmt: skip


def test_a_driver_serves_the_lives_that_it_names():
    check_lifecycle({}, inline=False)
    check_lifecycle({"spec": {"volumeLifecycleModes": ["Ephemeral"]}}, inline=True)
    with pytest.raises(VolumeFailure, match="only supports Persistent"):
        check_lifecycle({}, inline=True)


def test_volumes_are_attached_unless_the_driver_says_otherwise():
    assert attaches({}) and attaches({"spec": {"attachRequired": True}})
    assert not attaches({"spec": {"attachRequired": False}})
