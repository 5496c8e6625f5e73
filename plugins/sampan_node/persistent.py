"""PersistentVolumes that this node knows how to show: a path of this machine, by ``hostPath`` or ``local``.

Nothing is mounted here: the runtime gets the path itself. A volume of another type is refused in words.
Source: kubelet's local and hostPath plugins (meaning).
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from sampan.contracts.kinds import Object
from sampan_node import ownership
from sampan_node.claims import ClaimedVolume, MountProblem
from sampan_node.environment import ConfigProblem
from sampan_node.hostpaths import host_path

KNOWN = ("hostPath", "local")
_NOT_SOURCES = frozenset(
    ("accessModes", "capacity", "claimRef", "mountOptions", "nodeAffinity", "persistentVolumeReclaimPolicy",
     "storageClassName", "volumeAttributesClassName", "volumeMode")
)  # fmt: skip


def set_up(pod: Object, found: ClaimedVolume, *, read_only: bool = False) -> Path:
    """The path of the volume on this machine. Raises MountProblem, ConfigProblem, OSError."""
    spec = found.volume["spec"]
    if "hostPath" in spec:
        path = host_path(spec["hostPath"])
    elif "local" in spec:
        path = _local(found.name, Path(spec["local"]["path"]))
    else:
        other = next((key for key in spec if key not in _NOT_SOURCES), "none")
        raise ConfigProblem(f"PersistentVolumes of type {other} are not known to this node agent")
    if found.block:
        _check_device(path)
    elif "local" in spec:
        security = pod["spec"].get("securityContext") or {}
        ownership.apply(path, security, read_only=read_only)
    return path


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
