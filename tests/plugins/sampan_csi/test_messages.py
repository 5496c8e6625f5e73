"""Bytes of the official Go library (container-storage-interface spec 1.9, k8s.io/kubelet 0.36.2), marshalled
deterministically."""

import pytest

from sampan_csi.messages import MESSAGES
from sampan_grpc.wire import decode, encode

CAPABILITY = {
    "mount": {"fs_type": "ext4", "mount_flags": ["ro", "noatime"], "volume_mount_group": "7"},
    "access_mode": {"mode": 5},
}
PAIRS = {"b": "2", "a": "1"}
KNOWN = [
    (
        "NodeStageVolumeRequest",
        {"volume_id": "v", "publish_context": PAIRS, "staging_target_path": "/s", "volume_capability": CAPABILITY,
         "secrets": {"k": "s"}, "volume_context": PAIRS},
        "0a017612060a016112013112060a01621201321a022f73221c1a02080512160a04657874341202726f12076e6f6174696d651a01372a06"
        "0a016b12017332060a016112013132060a0162120132",
    ),
    (
        "NodePublishVolumeRequest",
        {"volume_id": "v", "publish_context": PAIRS, "staging_target_path": "/s", "target_path": "/t",
         "volume_capability": CAPABILITY, "readonly": True, "volume_context": PAIRS},
        "0a017612060a016112013112060a01621201321a022f7322022f742a1c1a02080512160a04657874341202726f12076e6f6174696d651a"
        "0137300142060a016112013142060a0162120132",
    ),
    ("NodeUnpublishVolumeRequest", {"volume_id": "v", "target_path": "/t"}, "0a017612022f74"),
    ("NodeUnstageVolumeRequest", {"volume_id": "v", "staging_target_path": "/s"}, "0a017612022f73"),
    (
        "NodeGetInfoResponse",
        {"node_id": "n", "max_volumes_per_node": 300, "accessible_topology": {"segments": {"zone": "z"}}},
        "0a016e10ac021a0b0a090a047a6f6e6512017a",
    ),
    (
        "NodeGetCapabilitiesResponse", {"capabilities": [{"rpc": {"type": 1}}, {"rpc": {"type": 6}}]},
        "0a040a0208010a040a020806",
    ),
    (
        "PluginInfo",
        {"type": "CSIPlugin", "name": "d", "endpoint": "/e.sock", "supported_versions": ["1.0.0", "2.0.0"]},
        "0a09435349506c7567696e1201641a072f652e736f636b2205312e302e302205322e302e30",
    ),
    ("RegistrationStatus", {"plugin_registered": True, "error": "x"}, "0801120178"),
]  # fmt: skip


def is_in(part, whole):
    """Whether all of ``part`` is in ``whole``, which has defaults besides."""
    if isinstance(part, dict):
        return all(is_in(value, whole[key]) for key, value in part.items())
    if isinstance(part, list):
        return len(part) == len(whole) and all(map(is_in, part, whole))
    return part == whole


@pytest.mark.parametrize(("name", "value", "data"), KNOWN, ids=[name for name, _, _ in KNOWN])
def test_messages_are_what_other_libraries_write(name, value, data):
    assert is_in(value, decode(MESSAGES, name, bytes.fromhex(data)))
    assert is_in(value, decode(MESSAGES, name, encode(MESSAGES, name, value)))
    assert sorted(encode(MESSAGES, name, value)) == sorted(bytes.fromhex(data))  # the order of fields is free


def test_what_is_not_there_has_its_default():
    assert decode(MESSAGES, "NodeGetInfoResponse", b"") == {
        "node_id": "", "max_volumes_per_node": 0, "accessible_topology": None,
    }  # fmt: skip
