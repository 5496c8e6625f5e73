"""What the operating system of a pod, and hosts of Windows, leave it to set. Source: KEP-2802, KEP-1981."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sampan.contracts.kinds import Problem
from sampan_machinery import problems

SYSTEMS = ("linux", "windows")
_LISTS = ("containers", "initContainers", "ephemeralContainers")
#: In the order in which they are told; those with a point are below securityContext.
_NOT_OF_WINDOWS = (
    ".appArmorProfile", ".seLinuxOptions", "hostUsers", "hostPID", "hostIPC", ".seccompProfile", ".fsGroup",
    ".fsGroupChangePolicy", ".sysctls", "shareProcessNamespace", ".runAsUser", ".runAsGroup", ".supplementalGroups",
    ".supplementalGroupsPolicy", ".seLinuxChangePolicy",
)  # fmt: skip
_NOT_OF_WINDOWS_CONTAINERS = (
    "appArmorProfile", "seLinuxOptions", "seccompProfile", "capabilities", "readOnlyRootFilesystem", "privileged",
    "allowPrivilegeEscalation", "procMount", "runAsUser", "runAsGroup",
)  # fmt: skip
#: Fields that count only where they say something: a false, or a list of nothing, is as none.
_SAID = ("hostPID", "hostIPC", ".sysctls")


def pod_system(path: str, spec: dict[str, Any]) -> Iterator[Problem]:
    """``spec.os``, and what it excludes."""
    name = spec["os"].get("name") or ""
    if not name:
        yield problems.required(f"{path}.os.name")
    elif name not in SYSTEMS:
        yield problems.unsupported(f"{path}.os", name, SYSTEMS)
    elif name == "linux":
        yield from _linux(path, spec)
    else:
        yield from _windows(path, spec)


def _linux(path: str, spec: dict[str, Any]) -> Iterator[Problem]:
    for where, context in ((f"{path}.securityContext", spec.get("securityContext") or {}), *_contexts(path, spec)):
        if context.get("windowsOptions") is not None:
            yield problems.forbidden(f"{where}.windowsOptions", "windows options cannot be set for a linux pod")


def _windows(path: str, spec: dict[str, Any]) -> Iterator[Problem]:
    context = spec.get("securityContext") or {}
    for field in _NOT_OF_WINDOWS:
        holder, name = (context, field[1:]) if field[0] == "." else (spec, field)
        value = holder.get(name)
        if value if field in _SAID else value is not None:
            where = f"{path}.securityContext{field}" if field[0] == "." else f"{path}.{field}"
            yield problems.forbidden(where, "cannot be set for a windows pod")
    for where, context in _contexts(path, spec):
        for name in _NOT_OF_WINDOWS_CONTAINERS:
            if context.get(name) is not None:
                yield problems.forbidden(f"{where}.{name}", "cannot be set for a windows pod")


def _contexts(path: str, spec: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Of all containers."""
    for field in _LISTS:
        for index, container in enumerate(spec.get(field) or ()):
            yield f"{path}.{field}[{index}].securityContext", container.get("securityContext") or {}
