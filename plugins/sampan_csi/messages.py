"""The messages of CSI and of the kubelet's plugin registration, as far as they are used: field numbers as published.

Source: container-storage-interface spec 1.9 (csi.proto); k8s.io/kubelet pluginregistration/v1.
"""

from __future__ import annotations

from sampan_csi.wire import table

MESSAGES = table("""
    InfoRequest:
    PluginInfo: type=1 name=2 endpoint=3 supported_versions=4:[str]
    RegistrationStatus: plugin_registered=1:bool error=2
    RegistrationStatusResponse:
    MountVolume: fs_type=1 mount_flags=2:[str] volume_mount_group=3
    BlockVolume:
    AccessMode: mode=1:int
    VolumeCapability: block=1:BlockVolume mount=2:MountVolume access_mode=3:AccessMode
    Topology: segments=1:map
    NodeGetInfoRequest:
    NodeGetInfoResponse: node_id=1 max_volumes_per_node=2:int accessible_topology=3:Topology
    NodeGetCapabilitiesRequest:
    NodeGetCapabilitiesResponse: capabilities=1:[NodeServiceCapability]
    NodeServiceCapability: rpc=1:CapabilityRpc
    CapabilityRpc: type=1:int
    NodeStageVolumeRequest: volume_id=1 publish_context=2:map staging_target_path=3 volume_capability=4:VolumeCapability secrets=5:map volume_context=6:map
    NodeStageVolumeResponse:
    NodeUnstageVolumeRequest: volume_id=1 staging_target_path=2
    NodeUnstageVolumeResponse:
    NodePublishVolumeRequest: volume_id=1 publish_context=2:map staging_target_path=3 target_path=4 volume_capability=5:VolumeCapability readonly=6:bool secrets=7:map volume_context=8:map
    NodePublishVolumeResponse:
    NodeUnpublishVolumeRequest: volume_id=1 target_path=2
    NodeUnpublishVolumeResponse:
""")  # noqa: E501  # a message a line, as the tables of the specification

#: NodeServiceCapability.RPC.Type
STAGE_UNSTAGE, VOLUME_MOUNT_GROUP = 1, 6

#: What an access mode of Kubernetes is for a driver. Source: upstream's CSI plugin; ReadWriteOncePod by a driver that
#: does not tell the modes of one node apart is SINGLE_NODE_WRITER too.
ACCESS_MODES = {"ReadWriteOnce": 1, "ReadOnlyMany": 3, "ReadWriteMany": 5, "ReadWriteOncePod": 1}

REGISTRATION, NODE = "pluginregistration.Registration", "csi.v1.Node"
