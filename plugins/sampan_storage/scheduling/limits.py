"""NodeVolumeLimits: nodes that may have so many more volumes of a CSI driver attached. Source: upstream's plugin of
this name, its wording too; KEP-5030 for drivers that a node has to have.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Protocol

from sampan.contracts.kinds import Object
from sampan_machinery.metadata import get_path
from sampan_podspec.claims import claim_uses
from sampan_scheduling.contracts import NodeView, Snapshot, State, Verdict
from sampan_storage.claims import class_of
from sampan_storage.scheduling.podclaims import Known
from sampan_storage.scheduling.reservations import ClaimKey
from sampan_storage.scheduling.volume_binding import uses_volumes

FULL = Verdict("node(s) exceed max volume count")


class Drivers(Known, Protocol):
    """What is needed of VolumeObjects."""

    def driver(self, name: str) -> Object | None: ...

    def csi_node(self, name: str) -> Object | None: ...

    def attachments(self) -> Sequence[Object]: ...


class NodeVolumeLimits:
    name, weight = "NodeVolumeLimits", 1
    concerns = staticmethod(uses_volumes)

    def __init__(self, known: Drivers) -> None:
        self._known = known

    def pre_filter(self, state: State, pod: Object, nodes: Snapshot) -> Verdict | None:
        state[self.name] = _volumes(pod, self._known)
        return None

    def filter(self, state: State, pod: Object, node: NodeView) -> Verdict | None:
        wanted: dict[str, str] = state[self.name]
        if not wanted:
            return None
        csi_node = self._known.csi_node(node.name) or {}
        drivers = {one["name"]: one for one in get_path(csi_node, "spec", "drivers", default=()) or ()}
        for driver in sorted(set(wanted.values())):
            if driver not in drivers and self._is_needed(driver):
                return Verdict(f"{driver} CSI driver is not installed on the node")
        limits = {
            name: count for name, one in drivers.items()
            if (count := get_path(one, "allocatable", "count", default=None)) is not None
        }  # fmt: skip
        return FULL if limits and self._is_full(wanted, limits, node) else None

    def _is_needed(self, driver: str) -> bool:
        found = self._known.driver(driver) or {}
        return bool(get_path(found, "spec", "preventPodSchedulingIfMissing", default=False))

    def _is_full(self, wanted: dict[str, str], limits: dict[str, int], node: NodeView) -> bool:
        there: dict[str, str] = {}
        for other in node.pods:
            there |= _volumes(other, self._known)
        for attachment in self._known.attachments():
            if get_path(attachment, "spec", "nodeName", default="") == node.name:
                name = get_path(attachment, "spec", "source", "persistentVolumeName", default="")
                there |= _of_volume(self._known.volume(name) or {}) if name else {}
        used = Counter(there.values())
        more = Counter(driver for volume, driver in wanted.items() if volume not in there)
        return any(used[driver] + count > limits[driver] for driver, count in more.items() if driver in limits)


def _volumes(pod: Object, known: Known) -> dict[str, str]:
    """Driver by volume, of the CSI volumes that the pod uses or that will be made for it."""
    found: dict[str, str] = {}
    for use in claim_uses(pod):
        claim = known.claim(ClaimKey(pod["metadata"]["namespace"], use.claim))
        if claim is None:
            continue
        if name := get_path(claim, "spec", "volumeName", default=""):
            found |= _of_volume(known.volume(name) or {})
            continue
        made_by = known.storage_class(class_of(claim)) or {}
        if provisioner := made_by.get("provisioner"):
            found[f"{provisioner}/{claim['metadata']['namespace']}/{claim['metadata']['name']}"] = provisioner
    return found


def _of_volume(volume: Object) -> dict[str, str]:
    source = get_path(volume, "spec", "csi", default=None)
    return {f"{source['driver']}/{source['volumeHandle']}": source["driver"]} if source else {}
