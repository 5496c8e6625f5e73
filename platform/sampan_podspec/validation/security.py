"""Security contexts of pods and containers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sampan.contracts.kinds import Problem
from sampan_machinery import names, problems
from sampan_machinery.validation import validate_local_path

LARGEST_ID = 2**31 - 1
SECCOMP = ("Localhost", "RuntimeDefault", "Unconfined")
CHANGE_POLICIES = ("Always", "OnRootMismatch")
SUPPLEMENTAL_POLICIES = ("Merge", "Strict")
SELINUX_POLICIES = ("Recursive",)
PATH_LENGTH = 4095
PROC_MOUNTS = ("Default", "Unmasked")
SYSCTL_LENGTH = 253
_SYSCTL = "([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
# Equivalent to the pattern above, but without its backtracking on long hostile input.
_is_sysctl = re.compile(r"[a-z0-9](?:[-_a-z0-9]*(?<![-_]))?(?:[./][a-z0-9](?:[-_a-z0-9]*(?<![-_]))?)*").fullmatch


def pod_context(path: str, context: dict[str, Any], spec: dict[str, Any]) -> Iterator[Problem]:
    yield from _ids(path, context, ("fsGroup", "runAsUser", "runAsGroup"))
    for index, group in enumerate(context.get("supplementalGroups") or ()):
        if not 0 <= group <= LARGEST_ID:
            yield problems.invalid(f"{path}.supplementalGroups[{index}]", group, names.between(0, LARGEST_ID))
    if spec.get("shareProcessNamespace") and spec.get("hostPID"):
        detail = "ShareProcessNamespace and HostPID cannot both be enabled"
        yield problems.invalid(f"{path}.shareProcessNamespace", True, detail)
    if sysctls := context.get("sysctls"):
        yield from _sysctls(f"{path}.sysctls", sysctls)
    yield from _choice(path, context, "fsGroupChangePolicy", CHANGE_POLICIES)
    yield from _profiles(path, context, ("seccompProfile", "appArmorProfile"))
    yield from _choice(path, context, "supplementalGroupsPolicy", SUPPLEMENTAL_POLICIES)
    yield from _choice(path, context, "seLinuxChangePolicy", SELINUX_POLICIES)


def host_users(path: str, spec: dict[str, Any]) -> Iterator[Problem]:
    """A pod with users of its own shares no namespace with the host. Source: KEP-127."""
    if spec.get("hostUsers") is not False:
        return
    for field, shown in (("hostNetwork", "hostNetwork"), ("hostPID", "HostPID"), ("hostIPC", "HostIPC")):  # sic
        if spec.get(field):
            yield problems.forbidden(f"{path}.{shown}", "when `hostUsers` is false")


def _sysctls(path: str, sysctls: list[dict[str, Any]]) -> Iterator[Problem]:
    taken = set()
    for index, sysctl in enumerate(sysctls):
        name = sysctl.get("name") or ""
        if not name:
            yield problems.required(f"{path}[{index}].name")
        elif len(name) > SYSCTL_LENGTH or not _is_sysctl(name):
            detail = f"must have at most {SYSCTL_LENGTH} characters and match regex ^{_SYSCTL}$"
            yield problems.invalid(f"{path}[{index}].name", name, detail)
        elif name.replace("/", ".") in taken:
            yield problems.duplicate(f"{path}[{index}].name", name)
        taken.add(name.replace("/", "."))


def container_context(path: str, context: dict[str, Any], *, own_users: bool = False) -> Iterator[Problem]:
    """``own_users``: the pod's users are not the host's."""
    yield from _ids(path, context, ("runAsUser", "runAsGroup"))
    yield from _choice(path, context, "procMount", PROC_MOUNTS)
    if context.get("procMount") == "Unmasked" and not own_users:
        yield problems.invalid(f"{path}.procMount", "Unmasked", "`hostUsers` must be false to use `Unmasked`")
    yield from _profiles(path, context, ("seccompProfile",))
    if context.get("allowPrivilegeEscalation") is False:
        if context.get("privileged"):
            detail = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"
            yield problems.invalid(path, context, detail)
        if "CAP_SYS_ADMIN" in ((context.get("capabilities") or {}).get("add") or ()):
            detail = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN"
            yield problems.invalid(path, context, detail)
    yield from _profiles(path, context, ("appArmorProfile",))


def _choice(path: str, context: dict[str, Any], field: str, allowed: tuple[str, ...]) -> Iterator[Problem]:
    """A field that may be left out; an empty text is a wrong choice."""
    if context.get(field) is not None and context[field] not in allowed:
        yield problems.unsupported(f"{path}.{field}", context[field], allowed)


def _profiles(path: str, context: dict[str, Any], fields: tuple[str, ...]) -> Iterator[Problem]:
    for field in fields:
        if (profile := context.get(field)) is not None:
            yield from _profile(f"{path}.{field}", profile)


def _ids(path: str, context: dict[str, Any], fields: tuple[str, ...]) -> Iterator[Problem]:
    for field in fields:
        value = context.get(field)
        if value is not None and not 0 <= value <= LARGEST_ID:
            yield problems.invalid(f"{path}.{field}", value, names.between(0, LARGEST_ID))


def _profile(path: str, profile: dict[str, Any]) -> Iterator[Problem]:
    kind, file = profile.get("type") or "", profile.get("localhostProfile")
    name = path.rpartition(".")[2]
    word = "seccomp" if name == "seccompProfile" else "AppArmor"
    if not kind:
        yield problems.required(f"{path}.type", f"type is required when {name} is set")
    elif kind not in SECCOMP:
        yield problems.unsupported(f"{path}.type", kind, SECCOMP)
    if kind == "Localhost":
        if file is None or (not file and word == "AppArmor"):
            yield problems.required(f"{path}.localhostProfile", f"must be set when {word} type is Localhost")
        elif word == "seccomp":
            yield from validate_local_path(f"{path}.localhostProfile", file)
        else:
            if file.strip() != file:
                yield problems.invalid(f"{path}.localhostProfile", file, "must not be padded with whitespace")
            if len(file) > PATH_LENGTH:
                yield problems.too_long(f"{path}.localhostProfile", PATH_LENGTH)
    elif file is not None and (word == "seccomp" or kind in SECCOMP):
        shown = profile if word == "seccomp" else file
        yield problems.invalid(f"{path}.localhostProfile", shown, f"can only be set when {word} type is Localhost")
