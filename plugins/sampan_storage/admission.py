"""The rules DefaultStorageClass, StorageObjectInUseProtection and PersistentVolumeClaimResize.

Source: upstream's admission controllers of these names, their wording too.
"""

from __future__ import annotations

from typing import Any

from sampan.contracts.admission import Review
from sampan.contracts.kinds import Object
from sampan.contracts.serving import Reader
from sampan_machinery import quantities
from sampan_machinery.metadata import add_finalizer, get_path
from sampan_machinery.resources import (
    PERSISTENT_VOLUME_CLAIMS,
    PERSISTENT_VOLUMES,
    STORAGE_CLASSES,
    VOLUME_ATTRIBUTES_CLASSES,
)
from sampan_storage.claims import class_of, class_or_none
from sampan_storage.classes import newest_default

#: Which finalizer keeps an object of a kind while it is in use.
PROTECTION = {
    PERSISTENT_VOLUMES.group_resource: "kubernetes.io/pv-protection",
    PERSISTENT_VOLUME_CLAIMS.group_resource: "kubernetes.io/pvc-protection",
    VOLUME_ATTRIBUTES_CLASSES.group_resource: "kubernetes.io/vac-protection",
}
_CLAIMS = frozenset({PERSISTENT_VOLUME_CLAIMS.group_resource})
_CREATE, _UPDATE = frozenset({"CREATE"}), frozenset({"UPDATE"})
_THEMSELVES = frozenset({""})


class DefaultStorageClass:
    """A new claim that names no class gets the default one; never refuses."""

    name = "DefaultStorageClass"
    operations = _CREATE
    resources = _CLAIMS
    subresources = _THEMSELVES
    mutates = True
    priority = 500

    def admit(self, review: Review) -> None:
        claim = review.object
        if claim is None or class_or_none(claim) is not None:
            return
        if (found := newest_default(review.reader.list(STORAGE_CLASSES))) is not None:
            claim.setdefault("spec", {})["storageClassName"] = found["metadata"]["name"]


class StorageObjectInUseProtection:
    """Adds the finalizer that the protection controllers remove when nothing uses the object; never refuses."""

    name = "StorageObjectInUseProtection"
    operations = _CREATE
    resources = frozenset(PROTECTION)
    subresources = _THEMSELVES
    mutates = True
    priority = 500

    def admit(self, review: Review) -> None:
        if review.object is not None:
            add_finalizer(review.object, PROTECTION[review.kind.resource.group_resource])


class PersistentVolumeClaimResize:
    """Only a bound claim grows, and only where its class allows it."""

    name = "PersistentVolumeClaimResize"
    operations = _UPDATE
    resources = _CLAIMS
    subresources = _THEMSELVES
    mutates = False
    priority = 500

    def admit(self, review: Review) -> None:
        new, old = review.object, review.old
        if new is None or old is None or quantities.compare(_size(new), _size(old)) <= 0:
            return
        if get_path(old, "status", "phase", default="") != "Bound":
            raise review.forbidden("Only bound persistent volume claims can be expanded")
        if not _may_grow(review.reader, new, old):
            why = "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must "
            raise review.forbidden(f"{why}support resize")


def _size(claim: Object) -> Any:
    return get_path(claim, "spec", "resources", "requests", "storage", default=None) or "0"


def _may_grow(reader: Reader, new: Object, old: Object) -> bool:
    name = class_of(new)
    if not name or name != class_of(old):
        return False
    found = reader.get(STORAGE_CLASSES, name)
    return found is not None and found.get("allowVolumeExpansion") is True
