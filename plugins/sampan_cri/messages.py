"""The messages of CRI, and of containerd's own services, as far as they are used: field numbers as published.

Source: k8s.io/cri-api 0.36.2, runtime/v1/api.proto; containerd's api/services (events, images, content v1) and
api/events/task.proto.
"""

from __future__ import annotations

from sampan_grpc.wire import table

MESSAGES = table("""
    Empty:
    Number: value=1:int
    Condition: type=1 status=2:bool reason=3 message=4
    RuntimeStatus: conditions=1:[Condition]
    VersionRequest: version=1
    VersionResponse: version=1 runtime_name=2 runtime_version=3 runtime_api_version=4
    StatusRequest: verbose=1:bool
    StatusResponse: status=1:RuntimeStatus info=2:map
    NetworkConfig: pod_cidr=1
    RuntimeConfig: network_config=1:NetworkConfig
    UpdateRuntimeConfigRequest: runtime_config=1:RuntimeConfig
    IdMapping: host_id=1:int container_id=2:int length=3:int
    UserNamespace: mode=1:int uids=2:[IdMapping] gids=3:[IdMapping]
    NamespaceOption: network=1:int pid=2:int ipc=3:int target_id=4 userns_options=5:UserNamespace
    SecurityProfile: profile_type=1:int localhost_ref=2
    SandboxSecurity: namespace_options=1:NamespaceOption readonly_rootfs=4:bool privileged=6:bool seccomp=9:SecurityProfile apparmor=10:SecurityProfile
    LinuxSandbox: cgroup_parent=1 security_context=2:SandboxSecurity sysctls=3:map
    SandboxMetadata: name=1 uid=2 namespace=3 attempt=4:int
    Dns: servers=1:[str] searches=2:[str] options=3:[str]
    Port: protocol=1:int container_port=2:int host_port=3:int host_ip=4
    SandboxConfig: metadata=1:SandboxMetadata hostname=2 log_directory=3 dns_config=4:Dns port_mappings=5:[Port] labels=6:map annotations=7:map linux=8:LinuxSandbox
    RunPodSandboxRequest: config=1:SandboxConfig runtime_handler=2
    RunPodSandboxResponse: pod_sandbox_id=1
    SandboxId: pod_sandbox_id=1
    PodSandboxStatusRequest: pod_sandbox_id=1 verbose=2:bool
    PodIp: ip=1
    SandboxNetwork: ip=1 additional_ips=2:[PodIp]
    SandboxNamespaces: options=2:NamespaceOption
    SandboxLinuxStatus: namespaces=1:SandboxNamespaces
    SandboxStatus: id=1 metadata=2:SandboxMetadata state=3:int created_at=4:int network=5:SandboxNetwork linux=6:SandboxLinuxStatus labels=7:map annotations=8:map runtime_handler=9
    PodSandboxStatusResponse: status=1:SandboxStatus info=2:map
    SandboxFilter: id=1 label_selector=3:map
    ListPodSandboxRequest: filter=1:SandboxFilter
    SandboxItem: id=1 metadata=2:SandboxMetadata state=3:int created_at=4:int labels=6:map annotations=7:map
    ListPodSandboxResponse: items=1:[SandboxItem]
    ContainerMetadata: name=1 attempt=2:int
    ImageSpec: image=1 annotations=2:map user_specified_image=18
    KeyValue: key=1 value=2:bytes
    Mount: container_path=1 host_path=2 readonly=3:bool propagation=5:int
    Device: container_path=1 host_path=2 permissions=3
    LinuxResources: cpu_period=1:int cpu_quota=2:int cpu_shares=3:int memory_limit_in_bytes=4:int oom_score_adj=5:int unified=9:map memory_swap_limit_in_bytes=10:int
    Capability: add_capabilities=1:[str] drop_capabilities=2:[str]
    ContainerSecurity: capabilities=1:Capability privileged=2:bool namespace_options=3:NamespaceOption run_as_user=5:Number run_as_username=6 readonly_rootfs=7:bool supplemental_groups=8:[int] apparmor_profile=9 no_new_privs=11:bool run_as_group=12:Number masked_paths=13:[str] readonly_paths=14:[str] seccomp=15:SecurityProfile apparmor=16:SecurityProfile
    CdiDevice: name=1
    LinuxContainer: resources=1:LinuxResources security_context=2:ContainerSecurity
    ContainerConfig: metadata=1:ContainerMetadata image=2:ImageSpec command=3:[str] args=4:[str] working_dir=5 envs=6:[KeyValue] mounts=7:[Mount] devices=8:[Device] labels=9:map annotations=10:map log_path=11 stdin=12:bool stdin_once=13:bool tty=14:bool linux=15:LinuxContainer CDI_devices=17:[CdiDevice]
    CreateContainerRequest: pod_sandbox_id=1 config=2:ContainerConfig sandbox_config=3:SandboxConfig
    ContainerId: container_id=1
    StopContainerRequest: container_id=1 timeout=2:int
    ContainerFilter: id=1 pod_sandbox_id=3 label_selector=4:map
    ListContainersRequest: filter=1:ContainerFilter
    ContainerItem: id=1 pod_sandbox_id=2 metadata=3:ContainerMetadata image=4:ImageSpec image_ref=5 state=6:int created_at=7:int labels=8:map annotations=9:map
    ListContainersResponse: containers=1:[ContainerItem]
    ContainerStatusRequest: container_id=1 verbose=2:bool
    ContainerResources: linux=1:LinuxResources
    ContainerStatus: id=1 metadata=2:ContainerMetadata state=3:int created_at=4:int started_at=5:int finished_at=6:int exit_code=7:int image=8:ImageSpec image_ref=9 reason=10 message=11 labels=12:map annotations=13:map log_path=15 resources=16:ContainerResources
    ContainerStatusResponse: status=1:ContainerStatus info=2:map
    UpdateContainerResourcesRequest: container_id=1 linux=2:LinuxResources
    ExecSyncRequest: container_id=1 cmd=2:[str] timeout=3:int
    ExecSyncResponse: stdout=1:bytes stderr=2:bytes exit_code=3:int
    ExecRequest: container_id=1 cmd=2:[str] tty=3:bool stdin=4:bool stdout=5:bool stderr=6:bool
    AttachRequest: container_id=1 stdin=2:bool tty=3:bool stdout=4:bool stderr=5:bool
    PortForwardRequest: pod_sandbox_id=1 port=2:[int]
    Url: url=1
    ImageFilter: image=1:ImageSpec
    Image: id=1 repo_tags=2:[str] repo_digests=3:[str] size=4:int uid=5:Number username=6
    ListImagesRequest: filter=1:ImageFilter
    ListImagesResponse: images=1:[Image]
    ImageStatusRequest: image=1:ImageSpec verbose=2:bool
    ImageStatusResponse: image=1:Image info=2:map
    AuthConfig: username=1 password=2 auth=3 server_address=4 identity_token=5 registry_token=6
    PullImageRequest: image=1:ImageSpec auth=2:AuthConfig sandbox_config=3:SandboxConfig
    PullImageResponse: image_ref=1
    RemoveImageRequest: image=1:ImageSpec
    StatsAttributes: id=1 labels=3:map
    CpuUsage: timestamp=1:int usage_core_nano_seconds=2:Number
    MemoryUsage: timestamp=1:int working_set_bytes=2:Number usage_bytes=4:Number
    ContainerStats: attributes=1:StatsAttributes cpu=2:CpuUsage memory=3:MemoryUsage
    StatsFilter: id=1 label_selector=3:map
    ListContainerStatsRequest: filter=1:StatsFilter
    ListContainerStatsResponse: stats=1:[ContainerStats]
    EventSandbox: id=1 metadata=2:SandboxMetadata
    ContainerEvent: container_id=1 container_event_type=2:int created_at=3:int pod_sandbox_status=4:EventSandbox
    SubscribeRequest: filters=1:[str]
    Any: type_url=1 value=2:bytes
    Envelope: namespace=2 topic=3 event=4:Any
    TaskEvent: container_id=1
    TaskExit: container_id=1 id=2
    GetImageRequest: name=1
    Descriptor: media_type=1 digest=2 size=3:int
    StoredImage: name=1 target=3:Descriptor
    GetImageResponse: image=1:StoredImage
    ReadContentRequest: digest=1
    ReadContentResponse: offset=1:int data=2:bytes
""")  # noqa: E501  # a message a line, as in the published interface

RUNTIME, IMAGES = "runtime.v1.RuntimeService", "runtime.v1.ImageService"

#: Method → (request, answer), where they are not called after the method.
NAMES = {
    "StopPodSandbox": ("SandboxId", "Empty"), "RemovePodSandbox": ("SandboxId", "Empty"),
    "CreateContainer": ("CreateContainerRequest", "ContainerId"), "StartContainer": ("ContainerId", "Empty"),
    "StopContainer": ("StopContainerRequest", "Empty"), "RemoveContainer": ("ContainerId", "Empty"),
    "UpdateContainerResources": ("UpdateContainerResourcesRequest", "Empty"),
    "UpdateRuntimeConfig": ("UpdateRuntimeConfigRequest", "Empty"),
    "ReopenContainerLog": ("ContainerId", "Empty"), "RemoveImage": ("RemoveImageRequest", "Empty"),
    "Exec": ("ExecRequest", "Url"), "Attach": ("AttachRequest", "Url"), "PortForward": ("PortForwardRequest", "Url"),
    "GetContainerEvents": ("Empty", "ContainerEvent"), "Subscribe": ("SubscribeRequest", "Envelope"),
    "Get": ("GetImageRequest", "GetImageResponse"), "Read": ("ReadContentRequest", "ReadContentResponse"),
}  # fmt: skip


def names(method: str) -> tuple[str, str]:
    """Of the request and of the answer."""
    return NAMES.get(method, (f"{method}Request", f"{method}Response"))
