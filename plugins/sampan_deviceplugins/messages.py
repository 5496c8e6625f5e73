"""The messages of device plugins. Source: k8s.io/kubelet pkg/apis/deviceplugin/v1beta1 (field numbers, names)."""

from __future__ import annotations

from sampan_grpc.wire import table

VERSION = "v1beta1"
REGISTER = "v1beta1.Registration/Register"
SERVICE = "v1beta1.DevicePlugin"
HEALTHY = "Healthy"
SOCKET = "kubelet.sock"
#: A map of strings is on the wire what a list of pairs is.
MESSAGES = table("""
    Empty:
    Options: pre_start_required=1:bool get_preferred_allocation_available=2:bool
    RegisterRequest: version=1 endpoint=2 resource_name=3 options=4:Options
    Device: ID=1 health=2
    ListAndWatchResponse: devices=1:[Device]
    ContainerPreferredAllocationRequest: available=1:[str] must_include=2:[str] size=3:int
    PreferredAllocationRequest: container_requests=1:[ContainerPreferredAllocationRequest]
    ContainerPreferredAllocationResponse: devices=1:[str]
    PreferredAllocationResponse: container_responses=1:[ContainerPreferredAllocationResponse]
    ContainerAllocateRequest: devices_ids=1:[str]
    AllocateRequest: container_requests=1:[ContainerAllocateRequest]
    Mount: container_path=1 host_path=2 read_only=3:bool
    DeviceSpec: container_path=1 host_path=2 permissions=3
    CDIDevice: name=1
    ContainerAllocateResponse: envs=1:map mounts=2:[Mount] devices=3:[DeviceSpec] annotations=4:map cdi_devices=5:[CDIDevice]
    AllocateResponse: container_responses=1:[ContainerAllocateResponse]
    PreStartContainerRequest: devices_ids=1:[str]
    PreStartContainerResponse:
""")  # noqa: E501
