"""Validation of volume mounts and volume devices of a container."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from sampan.contracts.kinds import Problem
from sampan_machinery import problems
from sampan_machinery.validation import validate_local_path

PROPAGATIONS = ("None", "HostToContainer", "Bidirectional")
READ_ONLY_DEPTHS = ("Disabled", "IfPossible", "Enabled")


def volume_mounts(
    path: str, found: list[dict[str, Any]], container: dict[str, Any], volumes: Collection[str]
) -> Iterator[Problem]:
    taken = set()
    for index, mount in enumerate(found):
        name, target = mount.get("name") or "", mount.get("mountPath") or ""
        if not name:
            yield problems.required(f"{path}[{index}].name")
        if name not in volumes:
            yield problems.not_found(f"{path}[{index}].name", name)
        if not target:
            yield problems.required(f"{path}[{index}].mountPath")
        elif target in taken:
            yield problems.invalid(f"{path}[{index}].mountPath", target, "must be unique")
        taken.add(target)
        if len(mount) > 2:
            yield from _details(f"{path}[{index}]", mount, container)


def _details(path: str, mount: dict[str, Any], container: dict[str, Any]) -> Iterator[Problem]:
    for field in ("subPath", "subPathExpr"):
        if text := mount.get(field):
            yield from validate_local_path(f"{path}.{field}", text)
    if mount.get("subPath") and mount.get("subPathExpr"):
        detail = "subPathExpr and subPath are mutually exclusive"
        yield problems.invalid(f"{path}.subPathExpr", mount["subPathExpr"], detail)
    whole = path.rpartition("[")[0]  # sic: upstream names the list alone
    propagation = mount.get("mountPropagation")
    if propagation and propagation not in PROPAGATIONS:
        yield problems.unsupported(f"{whole}.mountPropagation", propagation, PROPAGATIONS)
    elif propagation == "Bidirectional" and not (container.get("securityContext") or {}).get("privileged"):
        detail = "Bidirectional mount propagation is available only to privileged containers"
        yield problems.forbidden(f"{whole}.mountPropagation", detail)
    depth = mount.get("recursiveReadOnly")
    if depth and depth not in READ_ONLY_DEPTHS:
        yield problems.unsupported(f"{whole}.recursiveReadOnly", depth, READ_ONLY_DEPTHS)
    elif depth in ("IfPossible", "Enabled") and not mount.get("readOnly"):
        yield problems.forbidden(f"{whole}.recursiveReadOnly", "may only be specified when readOnly is true")
    elif depth in ("IfPossible", "Enabled") and propagation not in (None, "None"):
        detail = "may only be specified when mountPropagation is None or not specified"
        yield problems.forbidden(f"{whole}.recursiveReadOnly", detail)


def volume_devices(
    path: str, found: list[dict[str, Any]], container: dict[str, Any], volumes: Collection[str]
) -> Iterator[Problem]:
    """Volumes as block devices."""
    mounts = container.get("volumeMounts") or ()
    mounted, places = {mount.get("name") for mount in mounts}, {mount.get("mountPath") for mount in mounts}
    taken: set[tuple[str, str]] = set()
    for index, device in enumerate(found):
        name, place = device.get("name") or "", device.get("devicePath") or ""
        at = f"{path}[{index}]"
        yield from _given_once(at, "name", name, taken)
        if name not in volumes:
            yield problems.not_found(f"{at}.name", name)
        yield from _given_once(at, "devicePath", place, taken)
        if ".." in place.split("/"):
            yield problems.invalid(f"{at}.devicePath", place, "can not contain backsteps ('..')")
        if name in mounted:
            yield problems.invalid(f"{at}.name", name, "must not already exist in volumeMounts")
        if place in places:
            yield problems.invalid(f"{at}.devicePath", place, "must not already exist as a path in volumeMounts")


def _given_once(path: str, field: str, value: str, taken: set[tuple[str, str]]) -> Iterator[Problem]:
    if not value:
        yield problems.required(f"{path}.{field}")
    elif (field, value) in taken:
        yield problems.invalid(f"{path}.{field}", value, "must be unique")
    taken.add((field, value))
