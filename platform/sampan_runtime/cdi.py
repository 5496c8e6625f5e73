"""Devices of the Container Device Interface: from a qualified name (``vendor.com/gpu=gpu0``) to what a container gets.

For runtimes that do not read the specifications themselves. What cannot be given is named, and the container does not
start. Source: CDI specification 0.8 (container edits; directories, of which later ones win).
"""

from __future__ import annotations

import json
import logging
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sampan_runtime.contracts import ContainerSpec, Device, Edits, Mount, RuntimeFailure

log = logging.getLogger(__name__)

DIRECTORIES = (Path("/etc/cdi"), Path("/var/run/cdi"))
_LARGEST = 4 << 20  # bytes of a file
#: Edits for which runtimes of ours have no place.
_UNKNOWN = ("hooks", "intelRdt", "netDevices")


class CdiProblem(RuntimeFailure):
    def __init__(self, message: str) -> None:
        super().__init__("CreateContainerError", message)


def applied(spec: ContainerSpec, names: Sequence[str], directories: Iterable[Path] = DIRECTORIES) -> ContainerSpec:
    """The container with the devices of these names. Raises CdiProblem."""
    if not names:
        return spec
    return edited(spec, resolve(names, directories))


def edited(spec: ContainerSpec, edits: Edits) -> ContainerSpec:
    """The container with these, where its pod does not say otherwise of a path; of several for one path the first."""
    taken = {mount.container_path for mount in spec.mounts} | {device.container_path for device in spec.devices}
    mounts = {one.container_path: one for one in reversed(edits.mounts) if one.container_path not in taken}
    devices = {one.container_path: one for one in reversed(edits.devices) if one.container_path not in taken}
    return replace(
        spec, env={**spec.env, **dict(edits.env)},
        mounts=[*spec.mounts, *reversed(mounts.values())], devices=[*spec.devices, *reversed(devices.values())],
        groups=[*spec.groups, *(group for group in edits.groups if group not in spec.groups)],
    )  # fmt: skip


def resolve(names: Sequence[str], directories: Iterable[Path] = DIRECTORIES) -> Edits:
    """All edits of these devices, those that belong to a whole specification once. Raises CdiProblem."""
    known = _specifications(directories)
    found, shared = Edits(), set()
    for name in names:
        if name not in known:
            raise CdiProblem(f"unresolvable CDI devices {name}")
        place, specification, device = known[name]
        if place not in shared:
            shared.add(place)
            found += _edits(specification.get("containerEdits") or {}, place)
        found += _edits(device.get("containerEdits") or {}, place)
    return found


def _specifications(directories: Iterable[Path]) -> dict[str, tuple[Path, dict[str, Any], dict[str, Any]]]:
    """By qualified name: (file, specification, device)."""
    found = {}
    for path in _files(directories):
        specification = _read(path)
        kind = specification.get("kind")
        for device in specification.get("devices") or ():
            if isinstance(device, dict) and isinstance(kind, str):
                found[f"{kind}={device.get('name')}"] = (path, specification, device)
    return found


def _files(directories: Iterable[Path]) -> Iterator[Path]:
    for folder in directories:
        if folder.is_dir():
            yield from sorted(path for path in folder.iterdir() if path.suffix in (".json", ".yaml", ".yml"))


def _read(path: Path) -> dict[str, Any]:
    """{} for a file that is no specification: it takes no other device away."""
    try:
        if path.stat().st_size > _LARGEST:
            raise ValueError(f"more than {_LARGEST} bytes")
        found = json.loads(path.read_bytes()) if path.suffix == ".json" else _yaml(path)
    except (OSError, ValueError) as error:
        log.warning("CDI specification %s cannot be read: %s", path, error)
        return {}
    return found if isinstance(found, dict) else {}


def _yaml(path: Path) -> Any:
    import yaml  # most nodes have no such file

    try:
        return yaml.safe_load(path.read_bytes())
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error


def _edits(edits: dict[str, Any], place: Path) -> Edits:
    if unknown := [name for name in _UNKNOWN if edits.get(name)]:
        raise CdiProblem(f"{place} asks for {', '.join(unknown)}, which this container runtime cannot do")
    env = (text.partition("=") for text in edits.get("env") or ())
    return Edits(
        tuple((name, value) for name, _, value in env),
        tuple(_mount(one) for one in edits.get("mounts") or ()),
        tuple(_device(one, place) for one in edits.get("deviceNodes") or ()),
        tuple(int(group) for group in edits.get("additionalGids") or ()),
    )


def _mount(found: dict[str, Any]) -> Mount:
    options = found.get("options") or ()
    propagation = "shared" if "rshared" in options else "slave" if "rslave" in options else "private"
    return Mount(found["hostPath"], found["containerPath"], "ro" in options, propagation)


def _device(found: dict[str, Any], place: Path) -> Device:
    path = found["path"]
    host = found.get("hostPath") or path
    try:
        mode = Path(host).stat().st_mode
    except OSError as error:
        raise CdiProblem(f"{place}: device {host}: {error.strerror}") from error
    if not (stat.S_ISBLK(mode) or stat.S_ISCHR(mode)):
        raise CdiProblem(f"{place}: {host} is not a device")
    return Device(host, path, "w" not in (found.get("permissions") or "rwm"))
