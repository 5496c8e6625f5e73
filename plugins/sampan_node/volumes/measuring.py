"""What a pod's volumes have and use, for /stats/summary and the kubelet_volume_stats metrics.

Of a volume that a plugin mounts the plugin tells; of an emptyDir the space that its files take, of a claim's directory
what its file system says. Each pod is measured once a minute at most, when it is asked for. Source: kubelet
stats/v1alpha1 VolumeStats; kubelet's volume stat calculator (meaning, its period).
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from sampan.contracts.kinds import Object
from sampan.errors import SampanError
from sampan_node.volumes.ephemeral import used
from sampan_podspec.claims import claim_uses
from sampan_volumes.contracts import MeasuresVolumes, VolumeMounter, VolumeUsage

log = logging.getLogger(__name__)

PERIOD = 60.0  # seconds that what was measured is told again


class MeasuredVolume(NamedTuple):
    name: str  # in the pod
    claim: str  # "" for a volume that is no claim
    usage: VolumeUsage
    at: float


class Measuring:
    """Thread-safe as far as it matters: two that ask at once may measure twice."""

    def __init__(
        self, mounters: Mapping[str, VolumeMounter], pods: Path, clock: Callable[[], float] = time.time
    ) -> None:
        self._mounters, self._pods, self._clock = mounters, pods, clock
        self._known: dict[str, tuple[float, list[MeasuredVolume]]] = {}

    def of_pods(self, pods: list[Object]) -> dict[str, list[MeasuredVolume]]:
        """By the pods' uids."""
        now = self._clock()
        known = {pod["metadata"]["uid"]: self._one(pod, now) for pod in pods}
        self._known = known
        return {uid: found for uid, (_, found) in known.items() if found}

    def _one(self, pod: Object, now: float) -> tuple[float, list[MeasuredVolume]]:
        uid = pod["metadata"]["uid"]
        found = self._known.get(uid)
        if found is not None and now - found[0] < PERIOD:
            return found
        return now, list(self._measured(pod, self._pods / uid / "volumes", now))

    def _measured(self, pod: Object, folder: Path, now: float) -> Iterator[MeasuredVolume]:
        claims = {use.volume: use.claim for use in claim_uses(pod)}
        for volume in pod["spec"].get("volumes") or ():
            name = volume["name"]
            try:
                usage = self._usage(folder, volume)
            except (SampanError, OSError) as error:
                log.debug("node: volume %s of pod %s cannot be measured: %s", name, pod["metadata"]["name"], error)
                continue
            if usage is not None:
                yield MeasuredVolume(name, claims.get(name, ""), usage, now)

    def _usage(self, folder: Path, volume: Object) -> VolumeUsage | None:
        if "emptyDir" in volume:
            place = folder / "emptyDir" / volume["name"]
            return of_directory(place) if place.is_dir() else None
        for kind, mounter in self._mounters.items():
            place = folder / kind / volume["name"]
            if isinstance(mounter, MeasuresVolumes) and place.is_dir():
                return mounter.usage(place)
        return None


def of_directory(place: Path) -> VolumeUsage:
    """Its own files' space, and what the file system has that it is on."""
    found = os.statvfs(place)
    return VolumeUsage(
        found.f_blocks * found.f_frsize, used(place), found.f_bavail * found.f_frsize,
        found.f_files, found.f_files - found.f_ffree, found.f_ffree,
    )  # fmt: skip


def as_stats(measured: MeasuredVolume, namespace: str, moment: str) -> dict[str, Any]:
    """One of ``pods[].volume`` of the summary."""
    usage = measured.usage
    names = ("capacityBytes", "usedBytes", "availableBytes", "inodes", "inodesUsed", "inodesFree")
    amounts = {name: amount for name, amount in zip(names, usage, strict=True) if amount is not None}
    claim = {"pvcRef": {"name": measured.claim, "namespace": namespace}} if measured.claim else {}
    return {"name": measured.name, "time": moment, **amounts, **claim}
