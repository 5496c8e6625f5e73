"""The PersistentVolume that is made for a claim, and what this provisioner cannot make. Pure."""

from __future__ import annotations

from pathlib import Path

from sampan.contracts.kinds import Object
from sampan_localpath.naming import HOSTNAME, PROVISIONER
from sampan_machinery.metadata import get_path
from sampan_volumes.provisioning import FINALIZER, PROVISIONED_BY, claim_reference, volume_name


def folder_of(claim: Object) -> str:
    """Says to people whose it is."""
    meta = claim["metadata"]
    return f"{volume_name(claim)}_{meta['namespace']}_{meta['name']}"[:255]


def refusal(claim: Object, storage_class: Object) -> str:
    """Why no volume can be made for the claim; "" where one can."""
    spec = claim.get("spec") or {}
    if spec.get("volumeMode") == "Block":
        return "a directory has volumeMode Filesystem, not Block"
    if spec.get("selector") is not None:
        return "claim.Spec.Selector is not supported"
    if spec.get("dataSource") is not None or spec.get("dataSourceRef") is not None:
        return "claims with a data source are not supported"
    if unknown := sorted(storage_class.get("parameters") or {}):
        return f"the class has parameters that this provisioner does not know: {', '.join(unknown)}"
    return ""


def volume_for(claim: Object, storage_class: Object, node: str, path: Path) -> Object:
    """``node`` is the node's name, which is what its label kubernetes.io/hostname says."""
    spec = claim["spec"]
    terms = [{"matchExpressions": [{"key": HOSTNAME, "operator": "In", "values": [node]}]}]
    made: Object = {
        "apiVersion": "v1", "kind": "PersistentVolume",
        "metadata": {
            "name": volume_name(claim), "annotations": {PROVISIONED_BY: PROVISIONER}, "finalizers": [FINALIZER],
        },
        "spec": {
            "accessModes": list(spec.get("accessModes") or ()),
            "capacity": {"storage": get_path(spec, "resources", "requests", "storage", default="0")},
            "claimRef": claim_reference(claim), "local": {"path": str(path)}, "volumeMode": "Filesystem",
            "nodeAffinity": {"required": {"nodeSelectorTerms": terms}},
            "persistentVolumeReclaimPolicy": storage_class.get("reclaimPolicy") or "Delete",
            "storageClassName": storage_class["metadata"]["name"],
        },
    }  # fmt: skip
    if options := storage_class.get("mountOptions"):
        made["spec"]["mountOptions"] = list(options)
    return made
