"""VolumeRestrictions: claims that one pod alone may use, and disks that one node alone may write to.
Source: upstream's plugin of this name, its wording too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from sampan.contracts.kinds import Object
from sampan_machinery.metadata import get_path
from sampan_scheduling.contracts import NodeView, Snapshot, State, Verdict
from sampan_storage.scheduling.podclaims import Known
from sampan_storage.scheduling.reservations import ClaimKey
from sampan_storage.scheduling.volume_binding import uses_volumes

ALONE = Verdict(
    "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod"
)
NO_DISK = Verdict("node(s) had no available disk")


def _same(*fields: str) -> Callable[[Object, Object], bool]:
    return lambda one, other: all(one.get(field) == other.get(field) for field in fields)


def _same_image(one: Object, other: Object) -> bool:
    monitors = set(one.get("monitors") or ()) & set(other.get("monitors") or ())
    return bool(monitors) and (one.get("pool") or "rbd", one.get("image")) == (
        other.get("pool") or "rbd", other.get("image"),
    )  # fmt: skip


#: Volume type -> whether two are the same disk. Of each but EBS, several pods may have it if all only read.
_DISKS: Mapping[str, Callable[[Object, Object], bool]] = {
    "gcePersistentDisk": _same("pdName"), "awsElasticBlockStore": _same("volumeID"), "iscsi": _same("iqn"),
    "rbd": _same_image,
}  # fmt: skip


class VolumeRestrictions:
    name, weight = "VolumeRestrictions", 1
    concerns = staticmethod(uses_volumes)

    def __init__(self, known: Known) -> None:
        self._known = known

    def pre_filter(self, state: State, pod: Object, nodes: Snapshot) -> Verdict | None:
        namespace = pod["metadata"]["namespace"]
        alone = frozenset(
            name for name in _claims(pod)
            if "ReadWriteOncePod" in _modes(self._known.claim(ClaimKey(namespace, name)) or {})
        )  # fmt: skip
        users = [
            (row, other["metadata"]["uid"]) for row in range(len(nodes)) for other in nodes.node(row).pods
            if _uses(other, namespace, alone)
        ] if alone else []  # fmt: skip
        state[self.name] = alone, users
        return None

    def filter(self, state: State, pod: Object, node: NodeView) -> Verdict | None:
        alone, users = state[self.name]
        if _conflicts(pod, node.pods):
            return NO_DISK
        if not alone:
            return None
        elsewhere = any(row != node.row for row, _ in users)
        here = any(_uses(other, pod["metadata"]["namespace"], alone) for other in node.pods)
        return ALONE if here or elsewhere else None


def _claims(pod: Object) -> Iterable[str]:
    """Those of others: a pod's ephemeral claims are its own."""
    for volume in pod["spec"].get("volumes") or ():
        if (source := volume.get("persistentVolumeClaim")) is not None:
            yield source.get("claimName") or ""


def _uses(pod: Object, namespace: str, names: frozenset[str]) -> bool:
    return pod["metadata"]["namespace"] == namespace and not names.isdisjoint(_claims(pod))


def _modes(claim: Object) -> Iterable[str]:
    return get_path(claim, "spec", "accessModes", default=()) or ()


def _conflicts(pod: Object, others: Iterable[Object]) -> bool:
    mine = [(kind, volume[kind]) for volume in pod["spec"].get("volumes") or () for kind in _DISKS if kind in volume]
    return bool(mine) and any(
        _clash(kind, disk, volume[kind])
        for other in others for volume in other["spec"].get("volumes") or ()
        for kind, disk in mine if kind in volume
    )  # fmt: skip


def _clash(kind: str, one: Object, other: Object) -> bool:
    both_read = bool(one.get("readOnly") and other.get("readOnly")) and kind != "awsElasticBlockStore"
    return not both_read and _DISKS[kind](one, other)
