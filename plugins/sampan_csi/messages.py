"""The messages of CSI and of the kubelet's plugin registration, as far as they are used: field numbers as published.

Source: container-storage-interface spec 1.9 (csi.proto); k8s.io/kubelet pluginregistration/v1.
"""

from __future__ import annotations

from sampan_grpc.registration import MESSAGES as REGISTRATION
from sampan_grpc.wire import table

MESSAGES = REGISTRATION | table("""
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
    GetPluginCapabilitiesRequest:
    GetPluginCapabilitiesResponse: capabilities=1:[PluginCapability]
    PluginCapability: service=1:CapabilityRpc
    ControllerGetCapabilitiesRequest:
    ControllerGetCapabilitiesResponse: capabilities=1:[NodeServiceCapability]
    CapacityRange: required_bytes=1:int limit_bytes=2:int
    TopologyRequirement: requisite=1:[Topology] preferred=2:[Topology]
    SnapshotSource: snapshot_id=1
    VolumeSource: volume_id=1
    ContentSource: snapshot=1:SnapshotSource volume=2:VolumeSource
    CreateVolumeRequest: name=1 capacity_range=2:CapacityRange volume_capabilities=3:[VolumeCapability] parameters=4:map secrets=5:map volume_content_source=6:ContentSource accessibility_requirements=7:TopologyRequirement
    Volume: capacity_bytes=1:int volume_id=2 volume_context=3:map content_source=4:ContentSource accessible_topology=5:[Topology]
    CreateVolumeResponse: volume=1:Volume
    DeleteVolumeRequest: volume_id=1 secrets=2:map
    DeleteVolumeResponse:
    ControllerPublishVolumeRequest: volume_id=1 node_id=2 volume_capability=3:VolumeCapability readonly=4:bool secrets=5:map volume_context=6:map
    ControllerPublishVolumeResponse: publish_context=1:map
    ControllerUnpublishVolumeRequest: volume_id=1 node_id=2 secrets=3:map
    ControllerUnpublishVolumeResponse:
    ControllerExpandVolumeRequest: volume_id=1 capacity_range=2:CapacityRange secrets=3:map volume_capability=4:VolumeCapability
    ControllerExpandVolumeResponse: capacity_bytes=1:int node_expansion_required=2:bool
    NodeExpandVolumeRequest: volume_id=1 volume_path=2 capacity_range=3:CapacityRange staging_target_path=4 volume_capability=5:VolumeCapability secrets=6:map
    NodeExpandVolumeResponse: capacity_bytes=1:int
    NodeGetVolumeStatsRequest: volume_id=1 volume_path=2 staging_target_path=3
    VolumeUsage: available=1:int total=2:int used=3:int unit=4:int
    NodeGetVolumeStatsResponse: usage=1:[VolumeUsage]
    Timestamp: seconds=1:int nanos=2:int
    Snapshot: size_bytes=1:int snapshot_id=2 source_volume_id=3 creation_time=4:Timestamp ready_to_use=5:bool
    CreateSnapshotRequest: source_volume_id=1 name=2 secrets=3:map parameters=4:map
    CreateSnapshotResponse: snapshot=1:Snapshot
    DeleteSnapshotRequest: snapshot_id=1 secrets=2:map
    DeleteSnapshotResponse:
    ListSnapshotsRequest: max_entries=1:int starting_token=2 source_volume_id=3 snapshot_id=4 secrets=5:map
    ListedSnapshot: snapshot=1:Snapshot
    ListSnapshotsResponse: entries=1:[ListedSnapshot] next_token=2
""")  # noqa: E501  # a message a line, as the tables of the specification

#: NodeServiceCapability.RPC.Type
STAGE_UNSTAGE, GET_VOLUME_STATS, NODE_EXPAND, VOLUME_MOUNT_GROUP = 1, 2, 3, 6

#: VolumeUsage.Unit
BYTES, INODES = 1, 2

#: What an access mode of Kubernetes is for a driver. Source: upstream's CSI plugin; ReadWriteOncePod by a driver that
#: does not tell the modes of one node apart is SINGLE_NODE_WRITER too.
ACCESS_MODES = {"ReadWriteOnce": 1, "ReadOnlyMany": 3, "ReadWriteMany": 5, "ReadWriteOncePod": 1}

#: PluginCapability.Service.Type and ControllerServiceCapability.RPC.Type
HAS_CONTROLLER, HAS_TOPOLOGY = 1, 2
CREATE_DELETE, PUBLISH_UNPUBLISH, CREATE_DELETE_SNAPSHOT, LIST_SNAPSHOTS, CLONE, EXPAND = 1, 2, 5, 6, 7, 9

IDENTITY = "csi.v1.Identity"
NODE, CONTROLLER = "csi.v1.Node", "csi.v1.Controller"
