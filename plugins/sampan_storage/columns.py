"""What ``kubectl get`` shows of storage objects. Source: upstream's printers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sampan.contracts.kinds import Column, Object
from sampan_machinery.columns import AGE, CREATED_AT, NAME, field
from sampan_machinery.metadata import annotations_of, get_path, is_deleting
from sampan_storage.claims import OLD_CLASS, class_of
from sampan_storage.classes import is_default

UNSET, NONE = "<unset>", "<none>"
_SHORT_MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}


def modes_text(modes: Sequence[str] | None) -> str:
    """``RWO,ROX``: short and each once, in upstream's order."""
    return ",".join(short for mode, short in _SHORT_MODES.items() if mode in (modes or ()))


def _phase(obj: Object) -> Any:
    return "Terminating" if is_deleting(obj) else get_path(obj, "status", "phase", default="")


def _at(*path: str, otherwise: Any) -> Callable[[Object], Any]:
    """The field, and ``otherwise`` where it is not set."""

    def cell(obj: Object) -> Any:
        found = get_path(obj, *path, default=None)
        return otherwise if found is None else found

    return cell


def _claim(volume: Object) -> str:
    reference = get_path(volume, "spec", "claimRef", default=None) or {}
    return f"{reference.get('namespace', '')}/{reference.get('name', '')}" if reference else ""


def _class_of_volume(volume: Object) -> str:
    annotation = annotations_of(volume).get(OLD_CLASS)
    return annotation if annotation is not None else get_path(volume, "spec", "storageClassName", default="") or ""


def _where_bound(path: tuple[str, ...], otherwise: str) -> Callable[[Object], Any]:
    """A field of a claim's status; nothing before the claim names a volume."""

    def cell(claim: Object) -> Any:
        if not get_path(claim, "spec", "volumeName", default=""):
            return ""
        return get_path(claim, *path, default=None) or otherwise

    return cell


def _default_name(storage_class: Object) -> str:
    return f"{storage_class['metadata'].get('name', '')}{' (default)' if is_default(storage_class) else ''}"


def _count(node: Object) -> int:
    return len(get_path(node, "spec", "drivers", default=()) or ())


def _audiences(driver: Object) -> str:
    requests = get_path(driver, "spec", "tokenRequests", default=None)
    return UNSET if not requests else ",".join(each.get("audience") or "" for each in requests)


VOLUME = (
    NAME,
    Column("Capacity", _at("spec", "capacity", "storage", otherwise="0")),
    Column("Access Modes", lambda obj: modes_text(get_path(obj, "spec", "accessModes", default=()))),
    field("Reclaim Policy", "spec", "persistentVolumeReclaimPolicy"),
    Column("Status", _phase),
    Column("Claim", _claim),
    Column("StorageClass", _class_of_volume),
    Column("VolumeAttributesClass", _at("spec", "volumeAttributesClassName", otherwise=UNSET)),
    field("Reason", "status", "reason"),
    AGE,
    Column("VolumeMode", _at("spec", "volumeMode", otherwise=UNSET), priority=1),
)
CLAIM = (
    NAME,
    Column("Status", _phase),
    field("Volume", "spec", "volumeName"),
    Column("Capacity", _where_bound(("status", "capacity", "storage"), "0")),
    Column("Access Modes", lambda obj: modes_text(_where_bound(("status", "accessModes"), "")(obj) or ())),
    Column("StorageClass", class_of),
    Column("VolumeAttributesClass", _at("spec", "volumeAttributesClassName", otherwise=UNSET)),
    AGE,
    Column("VolumeMode", _at("spec", "volumeMode", otherwise=UNSET), priority=1),
)
STORAGE_CLASS = (
    Column("Name", _default_name, format="name"),
    field("Provisioner", "provisioner"),
    Column("ReclaimPolicy", _at("reclaimPolicy", otherwise="Delete")),
    Column("VolumeBindingMode", _at("volumeBindingMode", otherwise="Immediate")),
    Column("AllowVolumeExpansion", _at("allowVolumeExpansion", otherwise=False)),
    AGE,
)
ATTRIBUTES_CLASS = (NAME, field("DriverName", "driverName"), AGE)
ATTACHMENT = (
    NAME,
    Column("Attacher", _at("spec", "attacher", otherwise=""), format="name"),
    field("PV", "spec", "source", "persistentVolumeName"),
    field("Node", "spec", "nodeName"),
    Column("Attached", _at("status", "attached", otherwise=False), type="boolean"),
    AGE,
)
NODE = (
    NAME,
    Column("Drivers", lambda obj: len(get_path(obj, "spec", "drivers", default=()) or ()), type="integer"),
    AGE,
)
DRIVER = (
    NAME,
    Column("AttachRequired", _at("spec", "attachRequired", otherwise=True), type="boolean"),
    Column("PodInfoOnMount", _at("spec", "podInfoOnMount", otherwise=False), type="boolean"),
    Column("StorageCapacity", _at("spec", "storageCapacity", otherwise=False), type="boolean"),
    Column("TokenRequests", _audiences),
    Column("RequiresRepublish", _at("spec", "requiresRepublish", otherwise=False), type="boolean"),
    Column("Modes", lambda obj: ",".join(get_path(obj, "spec", "volumeLifecycleModes", default=()) or ()) or NONE),
    AGE,
)
CAPACITY = (NAME, CREATED_AT)  # upstream has no printer for it
