"""What this machine is: capacity, system facts, addresses. Reads /proc and os-release, nothing else."""

from __future__ import annotations

import os
import platform
import shutil
from pathlib import Path

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "ppc64le": "ppc64le", "s390x": "s390x"}


def architecture() -> str:
    """In Go's words, as node labels have it."""
    return ARCHITECTURES.get(platform.machine(), platform.machine())


def memory_bytes() -> int:
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemTotal:"):
            return int(line.split()[1]) * 1024
    return 0


def capacity(home: Path, pods: int) -> dict[str, str]:
    """Node.status.capacity."""
    return {
        "cpu": str(len(os.sched_getaffinity(0))),
        "memory": f"{memory_bytes() // 1024}Ki",
        "ephemeral-storage": f"{shutil.disk_usage(home).total // 1024}Ki",
        "pods": str(pods),
    }


def system_info(runtime: str, runtime_version: str, version: str) -> dict[str, str]:
    """Node.status.nodeInfo."""
    return {
        "machineID": _line("/etc/machine-id"),
        "systemUUID": _line("/sys/class/dmi/id/product_uuid") or _line("/etc/machine-id"),
        "bootID": _line("/proc/sys/kernel/random/boot_id"),
        "kernelVersion": platform.release(),
        "osImage": _os_name(),
        "containerRuntimeVersion": f"{runtime}://{runtime_version}",
        "kubeletVersion": version,
        "kubeProxyVersion": "",
        "operatingSystem": "linux",
        "architecture": architecture(),
    }


def _line(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""


def _os_name() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
    except OSError:
        return "Linux"
