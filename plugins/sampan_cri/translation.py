"""From the contract's words to CRI's and back: pure functions over dicts, no calls."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sampan_runtime.contracts import Container, ContainerSpec, Image, Resources, Sandbox, SandboxSpec, Usage

Fields = dict[str, Any]

#: Labels that every tool for CRI runtimes knows. Source: k8s.io/kubelet pkg/types/labels.go.
POD, NAMESPACE, UID = "io.kubernetes.pod.name", "io.kubernetes.pod.namespace", "io.kubernetes.pod.uid"
NAME = "io.kubernetes.container.name"
CLUSTER = "sampan.dev/cluster"
HOME, IMAGE = "sampan.dev/home", "sampan.dev/image"  # annotations

PER_POD, PER_CONTAINER, OF_NODE = 0, 1, 2  # NamespaceMode
DEFAULT, UNCONFINED, LOCALHOST = 0, 1, 2  # ProfileType
PROTOCOLS = {"TCP": 0, "UDP": 1, "SCTP": 2}
PROPAGATION = {"private": 0, "slave": 1, "shared": 2}
STATES = {0: "created", 1: "running", 2: "exited"}
READY, RUNNING, EXITED = 0, 1, 2
PERIOD = 100_000  # microseconds of cpu_period

#: Hidden and read-only parts of /proc and /sys in a container that is not privileged: a CRI runtime hides what it is
#: told to, nothing by itself. Source: kubelet's defaults for procMount Default.
MASKED = (
    "/proc/asound", "/proc/acpi", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
    "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware",
    "/sys/devices/virtual/powercap",
)  # fmt: skip
READ_ONLY = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")


def namespaces(spec: SandboxSpec) -> Fields:
    pid = OF_NODE if spec.host_pid else PER_POD if spec.share_process_namespace else PER_CONTAINER
    return {
        "network": OF_NODE if spec.host_network else PER_POD, "pid": pid,
        "ipc": OF_NODE if spec.host_ipc else PER_POD,
    }  # fmt: skip


def sandbox_config(spec: SandboxSpec, *, cluster: str, home: str, logs: str) -> Fields:
    """PodSandboxConfig; ``logs`` is the folder for the logs of the pod's containers."""
    labels = {**spec.labels, POD: spec.name, NAMESPACE: spec.namespace, UID: spec.uid, CLUSTER: cluster}
    config: Fields = {
        "metadata": {"name": spec.name, "uid": spec.uid, "namespace": spec.namespace, "attempt": spec.attempt},
        "hostname": "" if spec.host_network else spec.hostname[:64],
        "log_directory": logs,
        "labels": labels,
        "annotations": {**spec.annotations, HOME: home},
        "linux": {
            "security_context": {
                "namespace_options": namespaces(spec), "privileged": spec.privileged,
                "seccomp": {"profile_type": DEFAULT},
            },
            "sysctls": dict(spec.sysctls),
        },
    }  # fmt: skip
    if spec.dns_servers:  # else as the host's
        config["dns_config"] = {
            "servers": list(spec.dns_servers), "searches": list(spec.dns_searches), "options": list(spec.dns_options),
        }  # fmt: skip
    if not spec.host_network:
        config["port_mappings"] = [
            {
                "protocol": PROTOCOLS[port.protocol], "container_port": port.container_port,
                "host_port": port.host_port, "host_ip": port.host_ip,
            }
            for port in spec.ports if port.host_port
        ]  # fmt: skip
    return config


def container_config(spec: ContainerSpec, sandbox: Fields, *, log_path: str, seccomp: str, swap: bool) -> Fields:
    """ContainerConfig. ``sandbox`` is the sandbox's config; ``seccomp`` the file with the profile, where it is one;
    ``swap``: whether the kernel counts swap, so that it can be limited."""
    own = {NAME: spec.name, CLUSTER: sandbox["labels"][CLUSTER]}
    labels = {**spec.labels, **{key: sandbox["labels"][key] for key in (POD, NAMESPACE, UID)}, **own}
    return {
        "metadata": {"name": spec.name, "attempt": spec.attempt},
        "image": {"image": spec.image, "user_specified_image": spec.image},
        "command": list(spec.command), "args": list(spec.args), "working_dir": spec.working_dir,
        "envs": [{"key": name, "value": value.encode()} for name, value in spec.env.items()],
        "mounts": [
            {
                "container_path": mount.container_path, "host_path": mount.host_path, "readonly": mount.read_only,
                "propagation": PROPAGATION[mount.propagation],
            }
            for mount in spec.mounts
        ],
        "devices": [
            {
                "container_path": device.container_path, "host_path": device.host_path,
                "permissions": "r" if device.read_only else "rwm",
            }
            for device in spec.devices
        ],
        "CDI_devices": [{"name": name} for name in spec.cdi],
        "labels": labels,
        "annotations": {HOME: sandbox["annotations"][HOME], IMAGE: spec.image},
        "log_path": log_path, "stdin": spec.stdin, "stdin_once": spec.stdin_once, "tty": spec.tty,
        "linux": {
            "resources": resources(spec.resources, swap=swap),
            "security_context": security(spec, sandbox, seccomp=seccomp),
        },
    }  # fmt: skip


def security(spec: ContainerSpec, sandbox: Fields, *, seccomp: str) -> Fields:
    """LinuxContainerSecurityContext."""
    user, _, group = spec.user.partition(":")
    found: Fields = {
        "privileged": spec.privileged,
        "namespace_options": sandbox["linux"]["security_context"]["namespace_options"],
        "readonly_rootfs": spec.read_only_root,
        "supplemental_groups": list(spec.groups),
        "no_new_privs": not spec.allow_privilege_escalation and not spec.privileged,
        "capabilities": {
            "add_capabilities": list(spec.capabilities_add), "drop_capabilities": list(spec.capabilities_drop),
        },
        "seccomp": profile(spec.seccomp, seccomp),
        # none: the runtime's default where the kernel has AppArmor; asked for by name it fails where it has not
        "apparmor": profile(spec.apparmor, spec.apparmor) if spec.apparmor else None,
    }  # fmt: skip
    if user:
        found["run_as_user"] = {"value": int(user)}
    if group:
        found["run_as_group"] = {"value": int(group)}
    if not spec.privileged:
        found |= {"masked_paths": list(MASKED), "readonly_paths": list(READ_ONLY)}
    return found


def profile(wanted: str, reference: str) -> Fields:
    """SecurityProfile of what the contract says: "" the default, "unconfined", else the one at ``reference``."""
    if wanted in ("", "unconfined"):
        return {"profile_type": UNCONFINED if wanted else DEFAULT}
    return {"profile_type": LOCALHOST, "localhost_ref": reference}


def resources(wanted: Resources, *, swap: bool) -> Fields:
    """LinuxContainerResources; swap is never allowed where the kernel counts it."""
    shares, quota, memory = wanted.kernel()
    found: Fields = {"cpu_shares": shares, "memory_limit_in_bytes": memory}
    if quota:
        found |= {"cpu_period": PERIOD, "cpu_quota": quota}
    if memory and swap:
        found["memory_swap_limit_in_bytes"] = memory
    return found


def applied(status: Fields, info: Mapping[str, str]) -> tuple[int, int, int] | None:
    """As Resources.kernel: of the status, or of the OCI specification where the runtime shows it (containerd 1.6)."""
    if told := (status.get("resources") or {}).get("linux"):
        return told["cpu_shares"], max(0, told["cpu_quota"]), max(0, told["memory_limit_in_bytes"])
    spec = details(info).get("runtimeSpec") or {}
    if not (found := (spec.get("linux") or {}).get("resources")):
        return None
    cpu, memory = found.get("cpu") or {}, found.get("memory") or {}
    return cpu.get("shares") or 0, max(0, cpu.get("quota") or 0), max(0, memory.get("limit") or 0)


def details(info: Mapping[str, str]) -> Fields:
    """What a runtime says beyond the interface where asked for more; {} where it says nothing of that kind."""
    try:
        found = json.loads(info.get("info") or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def network_namespace(info: Mapping[str, str]) -> str:
    """The path of a sandbox's network namespace; "" where it has none of its own or the runtime does not say."""
    listed = ((details(info).get("runtimeSpec") or {}).get("linux") or {}).get("namespaces") or ()
    return next((one.get("path") or "" for one in listed if one.get("type") == "network"), "")


def sandbox(status: Fields) -> Sandbox:
    """From a PodSandboxStatus."""
    meta = status["metadata"]
    ip = (status.get("network") or {}).get("ip") or ""
    if (((status.get("linux") or {}).get("namespaces") or {}).get("options") or {}).get("network") == OF_NODE:
        ip = ""  # the node's, which the agent knows
    return Sandbox(
        status["id"], meta["name"], meta["namespace"], meta["uid"], meta["attempt"], status["state"] == READY, ip,
        status["created_at"] / 1e9,
    )  # fmt: skip


def container(item: Fields, status: Fields, applied: tuple[int, int, int] | None) -> Container:
    """From a listed Container and its ContainerStatus."""
    state = STATES.get(status["state"], "unknown")
    over, code = state == "exited", status["exit_code"]
    started = status["started_at"] / 1e9
    finished = max(started, status["finished_at"] / 1e9)  # containerd notes a start late, even after the end
    return Container(
        id=status["id"], sandbox_id=item["pod_sandbox_id"], pod_uid=status["labels"].get(UID, ""),
        name=status["metadata"]["name"], attempt=status["metadata"]["attempt"], state=state,
        image=status["annotations"].get(IMAGE, ""), image_id=status["image_ref"],
        created=status["created_at"] / 1e9, started=started, finished=finished if over else 0.0,
        exit_code=code if over else 0, message=status["message"] if over else "",
        reason=(status["reason"] or ("Completed" if code == 0 else "Error")) if over else "", applied=applied,
    )  # fmt: skip


def image(found: Fields) -> Image:
    user = found["username"] or ("" if found["uid"] is None else str(found["uid"]["value"]))
    return Image((found["repo_digests"] or [found["id"]])[0], tuple(found["repo_tags"]), found["size"], user)


def usage(stats: Fields, now: float) -> Usage | None:
    """None of a container that has just ended."""
    cpu, memory = stats.get("cpu"), stats.get("memory")
    if not cpu or not memory:
        return None
    used, working = cpu["usage_core_nano_seconds"] or {}, memory["working_set_bytes"] or {}
    at = cpu["timestamp"] / 1e9 or now
    return Usage(stats["attributes"]["id"], used.get("value", 0), working.get("value", 0), at)


def credentials(given: Mapping[str, str]) -> Fields:
    """AuthConfig of what a docker config.json says of a registry, without the registry's address.

    The agent has found out that they fit the image. containerd compares an address only where it is a URL, and drops
    the credentials of all others.
    """
    names = {
        "username": "username", "password": "password", "auth": "auth",
        "identitytoken": "identity_token", "registrytoken": "registry_token",
    }  # fmt: skip
    return {names[key]: value for key, value in given.items() if key in names and value}
