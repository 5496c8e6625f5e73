"""PersistentVolumes that this node knows how to show: a path of this machine, by ``hostPath`` or ``local``, and types
that a plugin mounts.

Nothing is mounted here: the runtime gets the path itself. A volume of another type is refused in words.
Source: kubelet's local and hostPath plugins (meaning).
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

from sampan.contracts.kinds import Object
from sampan_node.pod.environment import ConfigProblem
from sampan_node.volumes.claims import ClaimedVolume, MountProblem
from sampan_node.volumes.hostpaths import host_path
from sampan_volumes.contracts import MountedVolume

_NOT_SOURCES = frozenset(
    ("accessModes", "capacity", "claimRef", "mountOptions", "nodeAffinity", "persistentVolumeReclaimPolicy",
     "storageClassName", "volumeAttributesClassName", "volumeMode")
)  # fmt: skip


#: (type, source, the PersistentVolume or None, whether it is only read) -> where it is mounted
Mounting = Callable[[str, Object, Object | None, bool], MountedVolume]


def kind_of(found: ClaimedVolume) -> str:
    """The field of the PersistentVolume that names its type."""
    return next((key for key in found.volume["spec"] if key not in _NOT_SOURCES), "none")


def set_up(found: ClaimedVolume, mount: Mounting, *, read_only: bool = False) -> MountedVolume:
    """Where the volume is on this machine; ``mount`` is for types that are not known here.

    Raises MountProblem, ConfigProblem, VolumeFailure, OSError."""
    spec = found.volume["spec"]
    if "hostPath" in spec:
        mounted = MountedVolume(host_path(spec["hostPath"]))
    elif "local" in spec:
        mounted = MountedVolume(_local(found.name, Path(spec["local"]["path"])), not found.block)
    else:
        kind = kind_of(found)
        mounted = mount(kind, spec.get(kind) or {}, found.volume, read_only)
    if found.block:
        _check_device(mounted.path)
    return mounted


def _local(name: str, path: Path) -> Path:
    if ".." in path.parts or not path.is_absolute():
        raise ConfigProblem(f"a local volume's path must be absolute and without '..': {path}")
    if not os.path.lexists(path):
        text = f'MountVolume.NewMounter initialization failed for volume "{name}" : path "{path}" does not exist'
        raise MountProblem(text)
    return path


def _check_device(path: Path) -> None:
    if not stat.S_ISBLK(os.stat(path).st_mode):
        raise ConfigProblem(f"{path} is not a block device, which volumeMode Block needs")
