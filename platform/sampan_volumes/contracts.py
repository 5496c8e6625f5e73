"""What the node agent asks of a plugin that mounts volumes of one type for pods of this node."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from sampan.contracts.kinds import Object
from sampan.errors import SampanError


class VolumeFailure(SampanError):
    """The volume cannot be used now; the message is what users read in the FailedMount event. It is tried again."""


@dataclass(frozen=True, kw_only=True)
class VolumeUse:
    """A volume as one pod uses it."""

    pod: Object
    source: Object  # the part of the volume that is named after its type: {"driver": …, "volumeHandle": …}
    volume: Object | None = None  # the PersistentVolume; None where the pod itself has the source
    read_only: bool = False


class MountedVolume(NamedTuple):
    path: Path
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
