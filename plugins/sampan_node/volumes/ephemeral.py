"""How large a pod's emptyDirs may be and are. Source: the documentation on emptyDir and local ephemeral storage."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from sampan.contracts.kinds import Object
from sampan_machinery import quantities
from sampan_podspec.requests import pod_nanos

LOOK_EVERY = 30.0  # seconds between looks at what such pods use
BLOCK = 512  # bytes in st_blocks' unit


def memory_size(pod: Object, source: Object, allocatable: Mapping[str, str]) -> int:
    """Bytes that a memory-backed emptyDir holds at most: the least of its own limit, the pod's and the node's."""
    found = [quantities.whole(source["sizeLimit"])] if source.get("sizeLimit") else []
    found = [size for size in found if size > 0]
    limits = pod_nanos(pod["spec"], kind="limits")
    everyone = (pod["spec"].get("containers") or ()) if not pod["spec"].get("resources") else ()
    bounded = all("memory" in ((one.get("resources") or {}).get("limits") or {}) for one in everyone)
    if bounded and limits.get("memory"):
        found.append(limits["memory"] // quantities.NANOS)
    if "memory" in allocatable:
        found.append(quantities.whole(allocatable["memory"]))
    return min(found, default=0)


def limited(pod: Object) -> Iterator[tuple[str, str, int]]:
    """(volume, limit as written, bytes) of each emptyDir on disk that has a limit."""
    for volume in pod["spec"].get("volumes") or ():
        source = volume.get("emptyDir") or {}
        if source.get("sizeLimit") and source.get("medium") != "Memory":
            size = quantities.whole(source["sizeLimit"])
            if size > 0:
                yield volume["name"], str(source["sizeLimit"]), size


def storage_limit(pod: Object) -> int:
    """Bytes of ephemeral storage that all containers together may use; 0 for no limit, as where one has none."""
    containers = pod["spec"].get("containers") or ()
    if not all("ephemeral-storage" in ((one.get("resources") or {}).get("limits") or {}) for one in containers):
        return 0
    return pod_nanos(pod["spec"], kind="limits").get("ephemeral-storage", 0) // quantities.NANOS


def is_limited(pod: Object) -> bool:
    """Whether what the pod stores has to be looked at now and then."""
    return next(limited(pod), None) is not None or storage_limit(pod) > 0


def used(folder: Path, most: int = 0) -> int:
    """Bytes on disk below a folder; looking ends once they are more than ``most``. Links are not followed."""
    total, folders = 0, [str(folder)]
    while folders and not (most and total > most):
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    total += entry.stat(follow_symlinks=False).st_blocks * BLOCK
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
        except OSError:  # it goes while it is looked at, or is the container's to close
            continue
    return total


def entries(folder: Path) -> int:
    """Files and folders below a folder, each of which takes an inode."""
    return sum(len(folders) + len(files) for _, folders, files in os.walk(folder))


def excess(pod: Object, volumes: Path) -> str:
    """Why the pod has to go, "" while it keeps its limits. ``volumes``: the folder of its emptyDirs."""
    for name, written, size in limited(pod):
        if used(volumes / name, size) > size:
            return f'Usage of EmptyDir volume "{name}" exceeds the limit "{written}". '
    total = storage_limit(pod)
    on_disk = [
        volume["name"] for volume in pod["spec"].get("volumes") or ()
        if "emptyDir" in volume and (volume["emptyDir"] or {}).get("medium") != "Memory"
    ]  # fmt: skip
    if total and sum(used(volumes / name, total) for name in on_disk) > total:
        return f"Pod ephemeral local storage usage exceeds the total limit of containers {total}. "
    return ""
