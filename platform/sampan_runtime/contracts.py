"""What the node agent asks of a container runtime. The shape is CRI's, in Python.

Identifiers are the runtime's own. Every call may block and may raise RuntimeFailure; calls for different pods run in
parallel. Labels carry pod name, namespace, uid, container name and attempt, so that state is rebuilt after a restart.
Source: k8s.io/cri-api runtime/v1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from sampan.contracts.kinds import Object
from sampan.errors import SampanError


class RuntimeFailure(SampanError):
    """The runtime could not do it. ``reason`` is the Waiting/Terminated reason users see (ErrImagePull,
    CreateContainerError, RunContainerError, StartError …)."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True)
class Mount:
    host_path: str
    container_path: str
    read_only: bool = False
    propagation: str = "private"


@dataclass(frozen=True)
class Device:
    """A device of the node that the container finds at a path of its own."""

    host_path: str
    container_path: str
    read_only: bool = False


@dataclass(frozen=True)
class Edits:
    """What a container gets besides what its pod says, for devices that were given to it."""

    env: tuple[tuple[str, str], ...] = ()
    mounts: tuple[Mount, ...] = ()
    devices: tuple[Device, ...] = ()
    groups: tuple[int, ...] = ()

    def __add__(self, other: Edits) -> Edits:
        return Edits(
            self.env + other.env, self.mounts + other.mounts, self.devices + other.devices, self.groups + other.groups
        )


@dataclass(frozen=True)
class PortMapping:
    container_port: int
    host_port: int
    protocol: str = "TCP"
    host_ip: str = ""


@dataclass(frozen=True, kw_only=True)
class SandboxSpec:
    """A pod's shared environment: network, IPC, host name."""

    name: str
    namespace: str
    uid: str
    attempt: int = 0
    hostname: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)  # of the pod, for what the runtime runs (CNI, NRI)
    privileged: bool = False  # one of its containers is
    host_network: bool = False
    host_pid: bool = False
    host_ipc: bool = False
    share_process_namespace: bool = False
    ports: Sequence[PortMapping] = ()
    dns_servers: Sequence[str] = ()
    dns_searches: Sequence[str] = ()
    dns_options: Sequence[str] = ()
    sysctls: Mapping[str, str] = field(default_factory=dict)
    log_directory: str = ""
    own_users: bool = False  # a user namespace for the pod; a runtime that has none refuses
    handler: str = ""  # of the pod's RuntimeClass; a runtime that does not know it refuses


@dataclass(frozen=True)
class Resources:
    """cpu in millicores, memory in bytes, 0 = unset."""

    cpu_request: int = 0
    cpu_limit: int = 0
    memory_limit: int = 0

    def kernel(self) -> tuple[int, int, int]:
        """(cpu shares, cpu quota in microseconds of 100,000, bytes of memory), 0 = no limit.

        Source: kubelet's milliCPUToShares and milliCPUToQuota.
        """
        shares = max(2, (self.cpu_request or self.cpu_limit) * 1024 // 1000)
        return shares, max(1000, self.cpu_limit * 100) if self.cpu_limit else 0, self.memory_limit


@dataclass(frozen=True, kw_only=True)
class ContainerSpec:
    name: str
    attempt: int
    image: str
    command: Sequence[str] = ()  # empty: the image's entry point
    args: Sequence[str] = ()  # empty: the image's arguments, unless command is given
    working_dir: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    mounts: Sequence[Mount] = ()
    devices: Sequence[Device] = ()
    cdi: Sequence[str] = ()  # qualified names of CDI devices, for a runtime that says ``TakesCdi``
    labels: Mapping[str, str] = field(default_factory=dict)
    resources: Resources = field(default_factory=Resources)
    user: str = ""  # uid[:gid]
    groups: Sequence[int] = ()  # supplemental
    privileged: bool = False
    read_only_root: bool = False
    allow_privilege_escalation: bool = True
    capabilities_add: Sequence[str] = ()
    capabilities_drop: Sequence[str] = ()
    pids_limit: int = 0  # most processes and threads; 0: no limit of its own
    seccomp: str = ""  # a profile as JSON text; "unconfined"; empty: the runtime's default
    apparmor: str = ""  # a profile's name; "unconfined"; empty: the runtime's default
    stdin: bool = False
    stdin_once: bool = False
    tty: bool = False
    log_path: str = ""  # file to write in CRI log format; empty: the runtime keeps logs itself


@dataclass(frozen=True)
class Sandbox:
    id: str
    name: str
    namespace: str
    uid: str
    attempt: int
    ready: bool
    ip: str
    created: float  # seconds since the epoch
    shares_host: bool = False  # its processes use this machine's own network, whatever its address is


@dataclass(frozen=True)
class Container:
    """A container as the runtime knows it. state: created, running, exited, unknown."""

    id: str
    sandbox_id: str
    pod_uid: str
    name: str
    attempt: int
    state: str
    image: str
    image_id: str
    created: float
    started: float = 0.0
    finished: float = 0.0
    exit_code: int = 0
    reason: str = ""  # Completed, Error, OOMKilled …
    message: str = ""
    applied: tuple[int, int, int] | None = None  # as Resources.kernel; None: the runtime does not tell


@dataclass(frozen=True)
class Image:
    id: str
    tags: Sequence[str]
    size: int  # bytes
    user: str = ""


@dataclass(frozen=True)
class Usage:
    """cpu: nanoseconds used since start; memory: working set in bytes."""

    container_id: str
    cpu: int
    memory: int
    at: float


class Stream(Protocol):
    """A running exec or attach. Output frames are (channel, bytes): 1 stdout, 2 stderr."""

    def output(self) -> Iterator[tuple[int, bytes]]: ...

    def send(self, data: bytes) -> None: ...

    def close_input(self) -> None: ...

    def resize(self, width: int, height: int) -> None: ...

    def exit_code(self) -> int:
        """After output has ended."""

    def close(self) -> None: ...


class Runtime(Protocol):
    """Runs containers. ``events`` is what keeps the agent from polling."""

    name: str  # as in ``provide_runtime``
    sees_mounts: bool  # whether it finds what the agent mounts: one mount namespace for both
    limits: bool  # whether containers get no more cpu and memory than their resources say

    def version(self) -> str: ...

    def run_sandbox(self, spec: SandboxSpec) -> Sandbox: ...

    def stop_sandbox(self, sandbox_id: str) -> None: ...

    def remove_sandbox(self, sandbox_id: str) -> None: ...

    def sandboxes(self, pod_uid: str = "") -> list[Sandbox]:
        """All of this cluster's, or one pod's."""

    def create_container(self, sandbox_id: str, spec: ContainerSpec) -> str: ...

    def start_container(self, container_id: str) -> None: ...

    def stop_container(self, container_id: str, grace: int) -> None:
        """TERM, then KILL after grace seconds; returns when it has ended."""

    def remove_container(self, container_id: str) -> None: ...

    def update_container(self, container_id: str, resources: Resources) -> None:
        """Other resources for a running container, which runs on; raises RuntimeFailure where that cannot be."""

    def containers(self, pod_uid: str = "") -> list[Container]:
        """All of this cluster's, or one pod's; exited ones included until removed."""

    def image(self, reference: str) -> Image | None: ...

    def images(self) -> list[Image]: ...

    def pull(self, reference: str, credentials: Sequence[Mapping[str, str]] = ()) -> Image: ...

    def remove_image(self, reference: str) -> None: ...

    def save_image(self, reference: str) -> Iterator[bytes]:
        """The image as a tar of manifest.json and its layers, as ``docker save`` writes it; for image volumes."""

    def exec(self, container_id: str, command: Sequence[str], *, stdin: bool, tty: bool) -> Stream: ...

    def exec_sync(self, container_id: str, command: Sequence[str], timeout: float) -> tuple[int, bytes]:
        """Exit code and output (stdout and stderr together); raises TimeoutError."""

    def attach(self, container_id: str, *, stdin: bool, tty: bool) -> Stream: ...

    def logs(self, container_id: str, *, follow: bool, since: int, tail: int) -> Iterator[tuple[int, int, bytes]]:
        """(time, channel, line with its newline if it had one) of lines not older than ``since``; tail -1 = all.

        Times are nanoseconds since the epoch: a line keeps exactly the time it has, however often it is read.
        Ends when the container has and all is read.
        While following, (0, 0, b"") may come now and then: a sign of life, to be passed over.
        """

    def dial(self, sandbox_id: str, port: int) -> int:
        """A connected TCP socket's file descriptor into the pod's network (port-forward, probes, proxy)."""

    def usage(self) -> list[Usage]: ...

    def events(self) -> Iterator[str]:
        """Yield the pod uid of whatever changed; "" = look at everything again. Blocks; ends when closed."""

    def close(self) -> None: ...


@runtime_checkable
class HasNetwork(Protocol):
    """A runtime that makes a network of its own on the machine."""

    def remove_network(self) -> None:
        """After all sandboxes have been removed, for `sampan down`; where there is none, nothing happens."""


class SandboxGuard(Protocol):
    """Something on the node that must be in place before a pod's containers start, such as its network policies."""

    name: str

    def prepare(self, pod: Object, sandbox: Sandbox) -> None:
        """Called for each sandbox, when it has its address and before any container in it starts; again after a
        failure, and before further containers start once the agent was restarted. May block for some seconds.

        Raises RuntimeFailure to hold the pod's containers back; the agent tries again.
        """


class ClaimedDevices(Protocol):
    """Prepares the devices that pods of this node have been given, and says what their containers get of them. Calls
    for different pods run in parallel and may block."""

    name: str

    def prepare(self, pod: Object) -> None:
        """Before a container of the pod starts; nothing changes where all is prepared. Raises RuntimeFailure to hold
        the containers back; the agent tries again."""

    def names(self, pod: Object, container: Object) -> Sequence[str]:
        """Qualified names of CDI devices that the container gets, after ``prepare``. Raises RuntimeFailure."""

    def release(self, pod: Object) -> None:
        """After the last container of the pod has ended, and again before the pod is gone; nothing where nothing was
        prepared. Raises RuntimeFailure; the agent tries again, and the pod does not end before it has succeeded."""

    def close(self) -> None:
        """The agent ends; what is prepared stays so."""


@runtime_checkable
class EditsContainers(Protocol):
    """What ClaimedDevices may have besides: what containers get that no CDI specification says."""

    def edits(self, pod: Object, container: Object) -> Edits:
        """After ``prepare``, each time before the container starts. Raises RuntimeFailure; the agent tries again."""


@runtime_checkable
class AdmitsPods(Protocol):
    """What ClaimedDevices may have besides: a say in whether the node takes a pod."""

    def admit(self, pod: Object) -> str:
        """Once for a pod that is new to the node, before anything of it is there: why the node cannot take it, "" where
        it can. A pod that is not taken fails with the reason UnexpectedAdmissionError, and nothing is kept for it."""


@runtime_checkable
class OffersResources(Protocol):
    """What ClaimedDevices may have besides: extended resources of the node."""

    def resources(self) -> Mapping[str, tuple[int, int]]:
        """Capacity and allocatable amount by name, for the Node's status; asked with each heartbeat, every 10 s."""


@runtime_checkable
class TakesCdi(Protocol):
    """What a Runtime may have besides: it reads the specifications of CDI devices itself, and wants their names. For
    others the agent reads them, and hands devices, mounts and variables over."""

    takes_cdi: bool


@runtime_checkable
class ReportsProblems(Protocol):
    """What a Runtime may have besides: it can say that it answers and yet cannot run pods, for lack of a network."""

    def problem(self) -> str:
        """Why no pod can run now, "" where pods can; the node is not Ready then. Raises RuntimeFailure."""


@runtime_checkable
class NamesEngine(Protocol):
    """What a Runtime may have besides: the name of what runs containers behind it, where that is another than its own.
    Statuses show it: ``containerd://…``."""

    engine: str


@dataclass(frozen=True, kw_only=True)
class RuntimeOffer:
    """A runtime that a plugin provides, before it is opened."""

    name: str  # as ``provide_runtime`` is asked for it, and the setting ``node.runtime`` says
    pods: str  # what pods are with it, in words: "containers"
    priority: int = 0  # ``node.runtime: auto`` takes the available one with the highest
    found: str = ""  # what makes it available, in words: "Docker answers"; "" where nothing is needed
    unavailable: Callable[[], str] = lambda: ""  # why it cannot be used on this machine now, "" where it can
    host_address: Callable[[], str] = lambda: ""  # at which its pods reach this machine; "": loopback
    cni: bool = False  # whether it runs CNI plugins for its pods' network, by a configuration that others write
