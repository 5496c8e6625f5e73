"""From the contract's words to Docker's and back: pure functions over dicts, no calls."""

from __future__ import annotations

import calendar
import time
from collections.abc import Mapping
from typing import Any

from sampan_runtime.contracts import Container, ContainerSpec, PortMapping, Resources, Sandbox, SandboxSpec

PREFIX = "sampan.dev/"
HOME = f"{PREFIX}home"
CLUSTER, SORT, UID, ATTEMPT = f"{PREFIX}cluster", f"{PREFIX}type", f"{PREFIX}pod-uid", f"{PREFIX}attempt"
POD, NAMESPACE, SANDBOX, NAME = f"{PREFIX}pod-name", f"{PREFIX}pod-namespace", f"{PREFIX}sandbox", f"{PREFIX}container"
IMAGE, SHARED_PID, HOST_PID = f"{PREFIX}image", f"{PREFIX}shared-pid", f"{PREFIX}host-pid"
HANDLER = f"{PREFIX}runtime-handler"


def seconds(text: str) -> float:
    """RFC 3339 with any number of fractional digits, Z or offset 0; 0.0 for Docker's year 1."""
    if not text or text.startswith("0001-"):
        return 0.0
    whole, _, fraction = text.removesuffix("Z").removesuffix("+00:00").partition(".")
    return calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) + float(f"0.{fraction or 0}")


def nanoseconds(text: str) -> int:
    """The same, exactly; raises ValueError."""
    whole, _, fraction = text.removesuffix("Z").removesuffix("+00:00").partition(".")
    return calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) * 1_000_000_000 + int(fraction[:9].ljust(9, "0"))


def sandbox_labels(spec: SandboxSpec, cluster: str, home: str = "") -> dict[str, str]:
    return {
        **spec.labels,
        CLUSTER: cluster,
        HOME: home,
        SORT: "sandbox",
        UID: spec.uid,
        POD: spec.name,
        NAMESPACE: spec.namespace,
        ATTEMPT: str(spec.attempt),
    }


def container_labels(spec: ContainerSpec, sandbox: Mapping[str, str], sandbox_id: str) -> dict[str, str]:
    kept = {key: sandbox[key] for key in (CLUSTER, HOME, UID, POD, NAMESPACE) if key in sandbox}
    own = {SORT: "container", SANDBOX: sandbox_id, NAME: spec.name, ATTEMPT: str(spec.attempt), IMAGE: spec.image}
    return {**spec.labels, **kept, **own}


def sandbox_host_config(spec: SandboxSpec, network: str = "bridge") -> dict[str, Any]:
    """HostConfig of the sandbox container, on that network. Source: Docker Engine API, ContainerCreate."""
    config: dict[str, Any] = {
        "NetworkMode": "host" if spec.host_network else network,
        "IpcMode": "host" if spec.host_ipc else "shareable",
        "Sysctls": dict(spec.sysctls),
        "LogConfig": {"Type": "none", "Config": {}},
        "Dns": list(spec.dns_servers),
        "DnsSearch": list(spec.dns_searches) or ["."],
        "DnsOptions": list(spec.dns_options),
        "PortBindings": {} if spec.host_network else port_bindings(spec.ports),
        "SecurityOpt": ["no-new-privileges"],
        "ReadonlyRootfs": True,
    }
    if not spec.dns_servers:
        del config["DnsSearch"]
    if spec.host_pid:
        config["PidMode"] = "host"
    if spec.handler:
        config["Runtime"] = spec.handler
    return config


def port_bindings(ports: Any) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    for port in ports:
        assert isinstance(port, PortMapping)
        if port.host_port:
            where = {"HostIp": port.host_ip, "HostPort": str(port.host_port)}
            found.setdefault(f"{port.container_port}/{port.protocol.lower()}", []).append(where)
    return found


def container_host_config(spec: ContainerSpec, sandbox_id: str, *, host: Mapping[str, bool]) -> dict[str, Any]:
    """HostConfig of a container in the sandbox; ``host`` says which namespaces (pid, ipc, network) are the host's or
    shared: host_pid, share_pid."""
    pid = "host" if host.get("host_pid") else f"container:{sandbox_id}" if host.get("share_pid") else ""
    return {
        "NetworkMode": f"container:{sandbox_id}",
        "IpcMode": f"container:{sandbox_id}",
        "PidMode": pid,
        "Mounts": [
            {
                "Type": "bind",
                "Source": mount.host_path,
                "Target": mount.container_path,
                "ReadOnly": mount.read_only,
                "BindOptions": {"Propagation": f"r{mount.propagation}"},
            }
            for mount in spec.mounts
        ],
        "Devices": [
            {
                "PathOnHost": device.host_path,
                "PathInContainer": device.container_path,
                "CgroupPermissions": "r" if device.read_only else "rwm",
            }
            for device in spec.devices
        ],
        "Privileged": spec.privileged,
        "ReadonlyRootfs": spec.read_only_root,
        "CapAdd": list(spec.capabilities_add),
        "CapDrop": list(spec.capabilities_drop),
        "GroupAdd": [str(group) for group in spec.groups],
        "SecurityOpt": security_options(spec),
        "PidsLimit": spec.pids_limit or None,
        "LogConfig": {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "2"}},
        **resources(spec.resources),
    }


def security_options(spec: ContainerSpec) -> list[str]:
    found = [] if spec.allow_privilege_escalation or spec.privileged else ["no-new-privileges"]
    found += [f"seccomp={spec.seccomp}"] if spec.seccomp else []
    return found + ([f"apparmor={spec.apparmor}"] if spec.apparmor else [])


def resources(wanted: Resources) -> dict[str, Any]:
    """Of HostConfig, and of POST /containers/{id}/update; swap is never allowed."""
    shares, quota, memory = wanted.kernel()
    found: dict[str, Any] = {"CpuShares": shares}
    if quota:
        found |= {"CpuPeriod": 100_000, "CpuQuota": quota}
    if memory:
        found |= {"Memory": memory, "MemorySwap": memory}
    return found


def applied(host_config: Mapping[str, Any]) -> tuple[int, int, int]:
    """The same back."""
    return tuple(int(host_config.get(key) or 0) for key in ("CpuShares", "CpuQuota", "Memory"))  # type: ignore[return-value]


def create_body(spec: ContainerSpec, labels: Mapping[str, str], host_config: Mapping[str, Any]) -> dict[str, Any]:
    """The body of POST /containers/create."""
    body: dict[str, Any] = {
        "Image": spec.image,
        "Env": [f"{name}={value}" for name, value in spec.env.items()],
        "Labels": dict(labels),
        "Tty": spec.tty,
        "OpenStdin": spec.stdin,
        "StdinOnce": spec.stdin_once,
        "AttachStdin": spec.stdin,
        "User": spec.user,
        "HostConfig": dict(host_config),
        "Healthcheck": {"Test": ["NONE"]},
    }
    if spec.command:
        body["Entrypoint"] = list(spec.command)
    if spec.args or spec.command:
        body["Cmd"] = list(spec.args)
    if spec.working_dir:
        body["WorkingDir"] = spec.working_dir
    return body


def sandbox(found: Mapping[str, Any]) -> Sandbox:
    """From an inspected container."""
    labels = found["Config"]["Labels"]
    network = found["NetworkSettings"]
    ip = network.get("IPAddress") or next(
        (net.get("IPAddress", "") for net in (network.get("Networks") or {}).values()), ""
    )
    return Sandbox(
        found["Id"], labels[POD], labels[NAMESPACE], labels[UID], int(labels.get(ATTEMPT, 0)),
        bool(found["State"]["Running"]), ip, seconds(found["Created"]),
    )  # fmt: skip


def container(found: Mapping[str, Any], digests: Mapping[str, str]) -> Container:
    """From an inspected container; ``digests`` maps image ids to what imageID shall show."""
    labels, state = found["Config"]["Labels"], found["State"]
    status = {"created": "created", "running": "running", "paused": "running", "restarting": "running"}
    word = status.get(state["Status"], "exited")
    code = int(state.get("ExitCode", 0))
    reason = "OOMKilled" if state.get("OOMKilled") else "Completed" if code == 0 else "Error"
    if word == "created" and state.get("Error"):
        word, reason, code = "exited", "ContainerCannotRun", code or 128
    started = seconds(state.get("StartedAt", ""))
    # of a program that ends at once Docker may note the end before the start
    finished = (seconds(state.get("FinishedAt", "")) or seconds(found["Created"])) if word == "exited" else 0.0
    return Container(
        id=found["Id"], sandbox_id=labels.get(SANDBOX, ""), pod_uid=labels[UID], name=labels[NAME],
        attempt=int(labels.get(ATTEMPT, 0)), state=word, image=labels.get(IMAGE, ""),
        image_id=digests.get(found["Image"], found["Image"]), created=seconds(found["Created"]),
        started=min(started, finished) if finished else started,
        finished=finished,
        exit_code=code if word == "exited" else 0, reason=reason if word == "exited" else "",
        message=state.get("Error", "") if word == "exited" else "", applied=applied(found.get("HostConfig") or {}),
    )  # fmt: skip
