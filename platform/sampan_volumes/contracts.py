"""What the node agent asks of a plugin that mounts volumes of one type for pods of this node."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol, runtime_checkable

from sampan.contracts.kinds import Object
from sampan.errors import SampanError


class VolumeFailure(SampanError):
    """The volume cannot be used now; the message is what users read in the FailedMount event. It is tried again."""


class ExpansionFailure(VolumeFailure):
    """A volume could not be expanded. ``infeasible``: not with this size, however often it is tried. ``in_use``: not
    while a pod uses it, which keeps no pod from using it."""

    def __init__(self, message: str, *, infeasible: bool = False, in_use: bool = False) -> None:
        super().__init__(message)
        self.infeasible, self.in_use = infeasible, in_use


@dataclass(frozen=True, kw_only=True)
class VolumeUse:
    """A volume as one pod uses it."""

    pod: Object
    source: Object  # the part of the volume that is named after its type: {"driver": …, "volumeHandle": …}
    volume: Object | None = None  # the PersistentVolume; None where the pod itself has the source
    read_only: bool = False

    @property
    def block(self) -> bool:
        """Whether the pod gets a block device, not a directory."""
        return ((self.volume or {}).get("spec") or {}).get("volumeMode") == "Block"


class MountedVolume(NamedTuple):
    path: Path  # a directory; for a block volume the device
    give_to_group: bool = False  # the agent gives its files to the pod's fsGroup


class VolumeMounter(Protocol):
    """Calls for different pods run in parallel and may block."""

    kind: str  # the field of a volume that names its type: csi

    def mount(self, use: VolumeUse, folder: Path) -> MountedVolume:
        """Mount the volume below ``folder``, which belongs to this volume of this pod alone and outlives the agent.
        Called before each start of a container of the pod: nothing changes where all is as it was.
        Raises VolumeFailure, OSError."""

    def unmount(self, folder: Path) -> None:
        """Take back what ``mount`` did there, by what it left in ``folder``; nothing where it did nothing. Raises
        VolumeFailure, OSError: the pod stays until it has succeeded."""

    def close(self) -> None:
        """The agent ends; what is mounted stays."""


class VolumeUsage(NamedTuple):
    """Of a mounted volume, in bytes; None where it is not known."""

    capacity: int | None = None
    used: int | None = None
    available: int | None = None
    inodes: int | None = None
    inodes_used: int | None = None
    inodes_free: int | None = None


@runtime_checkable
class ExpandsVolumes(Protocol):
    """What a VolumeMounter may have besides."""

    def expand(self, use: VolumeUse, folder: Path, size: int) -> None:
        """Let the mounted volume on this node grow to so many bytes, where its type has something to do for that; a
        second call with the same size changes nothing. Raises VolumeFailure, ExpansionFailure where it knows more."""


@runtime_checkable
class RefreshesVolumes(Protocol):
    """What a VolumeMounter may have besides."""

    def refresh(self, use: VolumeUse, folder: Path) -> None:
        """Called about every minute while the pod runs: write again what may have changed. Raises VolumeFailure."""


@runtime_checkable
class MeasuresVolumes(Protocol):
    """What a VolumeMounter may have besides."""

    def usage(self, folder: Path) -> VolumeUsage | None:
        """What is mounted there has and uses; None where the driver does not tell. Raises VolumeFailure."""
