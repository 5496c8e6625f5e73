"""From a claim to the call that makes its volume, and from the answer to the PersistentVolume. Pure.

Source: upstream's external provisioner (meaning, its parameters' names).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sampan.contracts.kinds import Object
from sampan_csi.messages import ACCESS_MODES
from sampan_machinery import quantities
from sampan_machinery.metadata import get_path
from sampan_volumes.provisioning import FINALIZER, PROVISIONED_BY, claim_reference, volume_name

#: Which node's side-car made the volume: it removes it, too.
MADE_ON = "csi.sampan.dev/provisioned-on"
_RESERVED, _FS_TYPE = "csi.storage.k8s.io/", "csi.storage.k8s.io/fstype"


def refusal(claim: Object, storage_class: Object) -> str:
    """Why no volume can be made for the claim; "" where one can."""
    spec = claim.get("spec") or {}
    if spec.get("selector") is not None:
        return "claim.Spec.Selector is not supported"
    reserved = [key for key in storage_class.get("parameters") or {} if key.startswith(_RESERVED) and key != _FS_TYPE]
    return f"the class has parameters that are not supported: {', '.join(sorted(reserved))}" if reserved else ""


def request(
    claim: Object, storage_class: Object, topology: Mapping[str, str], content: Mapping[str, Any] | None = None
) -> dict[str, Any]:  # fmt: skip
    """Of CreateVolume. ``topology``: the segments of the node that the volume is for; empty: anywhere. ``content``:
    what is in it at first, a VolumeContentSource."""
    parameters = storage_class.get("parameters") or {}
    size = get_path(claim, "spec", "resources", "requests", "storage", default="0")
    segments = [{"segments": dict(topology)}] if topology else []
    return {
        "name": volume_name(claim), "capacity_range": {"required_bytes": quantities.whole(size)},
        "volume_capabilities": [
            capability(
                mode, parameters.get(_FS_TYPE, ""), storage_class.get("mountOptions") or (), block=is_block(claim)
            )
            for mode in get_path(claim, "spec", "accessModes", default=()) or ()
        ],
        "parameters": {key: value for key, value in parameters.items() if not key.startswith(_RESERVED)},
        "accessibility_requirements": {"requisite": segments, "preferred": segments} if segments else None,
        "volume_content_source": content,
    }  # fmt: skip


def is_block(claim: Object) -> bool:
    return bool((claim.get("spec") or {}).get("volumeMode") == "Block")


def capability(mode: str, fs_type: str, options: Iterable[str], *, block: bool = False) -> dict[str, Any]:
    access = {"access_mode": {"mode": ACCESS_MODES.get(mode, 1)}}
    return {"block": {}, **access} if block else {"mount": {"fs_type": fs_type, "mount_flags": list(options)}, **access}


def volume_for(claim: Object, storage_class: Object, made: Mapping[str, Any], driver: str, node: str) -> Object:
    """``made`` is the driver's Volume."""
    spec, parameters = claim["spec"], storage_class.get("parameters") or {}
    wanted = get_path(spec, "resources", "requests", "storage", default="0")
    source: Object = {"driver": driver, "volumeHandle": made["volume_id"]}
    if made["volume_context"]:
        source["volumeAttributes"] = dict(made["volume_context"])
    if parameters.get(_FS_TYPE) and not is_block(claim):
        source["fsType"] = parameters[_FS_TYPE]
    volume: Object = {
        "apiVersion": "v1", "kind": "PersistentVolume",
        "metadata": {
            "name": volume_name(claim), "annotations": {PROVISIONED_BY: driver, MADE_ON: node},
            "finalizers": [FINALIZER],
        },
        "spec": {
            "accessModes": list(spec.get("accessModes") or ()), "csi": source,
            "volumeMode": "Block" if is_block(claim) else "Filesystem",
            "capacity": {"storage": size_text(made["capacity_bytes"]) if made["capacity_bytes"] else wanted},
            "claimRef": claim_reference(claim),
            "persistentVolumeReclaimPolicy": storage_class.get("reclaimPolicy") or "Delete",
            "storageClassName": storage_class["metadata"]["name"],
        },
    }  # fmt: skip
    if options := storage_class.get("mountOptions"):
        volume["spec"]["mountOptions"] = list(options)
    terms = [term for topology in made["accessible_topology"] if (term := _term(topology["segments"]))]
    if terms:
        volume["spec"]["nodeAffinity"] = {"required": {"nodeSelectorTerms": terms}}
    return volume


def _term(segments: Mapping[str, str]) -> Object:
    expressions = [{"key": key, "operator": "In", "values": [value]} for key, value in sorted(segments.items())]
    return {"matchExpressions": expressions} if expressions else {}


def size_text(count: int) -> str:
    """Of so many bytes, as a quantity."""
    for power, suffix in ((40, "Ti"), (30, "Gi"), (20, "Mi"), (10, "Ki")):
        if count % (1 << power) == 0:
            return f"{count >> power}{suffix}"
    return str(count)
