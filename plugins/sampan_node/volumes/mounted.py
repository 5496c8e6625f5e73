"""The volumes of one pod that plugins mount."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from sampan.contracts.kinds import Object
from sampan_node.pod.environment import ConfigProblem
from sampan_node.volumes import persistent
from sampan_node.volumes.claims import ClaimedVolume
from sampan_node.volumes.expansion import Expansions
from sampan_podspec.claims import ClaimUse
from sampan_volumes.contracts import ExpandsVolumes, MountedVolume, RefreshesVolumes, VolumeMounter, VolumeUse


class PluginVolumes:
    """``folder``: of the pod's volumes; ``mounters``: by the type that they mount."""

    def __init__(self, folder: Path, mounters: Mapping[str, VolumeMounter], expansions: Expansions | None) -> None:
        self._folder, self._mounters, self._expansions = folder, mounters, expansions

    def mount(
        self, pod: Object, name: str, kind: str, source: Object, volume: Object | None, read_only: bool
    ) -> MountedVolume:  # fmt: skip
        """By the plugin that mounts volumes of this type. Raises ConfigProblem, VolumeFailure, OSError."""
        mounter = self._mounters.get(kind)
        if mounter is None:
            what = "volumes" if volume is None else "PersistentVolumes"
            raise ConfigProblem(f"{what} of type {kind} are not known to this node agent")
        use = VolumeUse(pod=pod, source=source, volume=volume, read_only=read_only)
        return mounter.mount(use, self._folder / kind / name)

    def expand(self, pod: Object, use: ClaimUse, found: ClaimedVolume) -> None:
        """Do the node's part where the claim has grown. Raises VolumeFailure."""
        kind = persistent.kind_of(found)
        mounter = self._mounters.get(kind)
        if self._expansions is None or not isinstance(mounter, ExpandsVolumes):
            return
        asked = VolumeUse(pod=pod, source=found.volume["spec"][kind], volume=found.volume, read_only=use.read_only)
        self._expansions.look(pod, found, partial(mounter.expand, asked, self._folder / kind / use.volume))

    def refresh(self, pod: Object, name: str, source: Object, volume: Object | None, read_only: bool) -> None:
        """Raises VolumeFailure."""
        for kind, mounter in self._mounters.items():
            place = self._folder / kind / name
            if place.is_dir() and isinstance(mounter, RefreshesVolumes):
                mounter.refresh(VolumeUse(pod=pod, source=source, volume=volume, read_only=read_only), place)

    def is_here(self, name: str) -> bool:
        """Whether the pod's volume of this name is mounted by a plugin."""
        return any((self._folder / kind / name).is_dir() for kind in self._mounters)

    def are_here(self) -> bool:
        return any((self._folder / kind).is_dir() for kind in self._mounters)

    def unmount(self) -> None:
        """All of them. Raises VolumeFailure, OSError where that has to be tried again."""
        for kind, mounter in self._mounters.items():
            for place in sorted((self._folder / kind).glob("*")):
                mounter.unmount(place)
