"""Warnings about what is deprecated or will not work as written. Source: upstream's warnings of these kinds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from sampan.contracts.admission import Review
from sampan.contracts.kinds import Object
from sampan_machinery import quantities, resources
from sampan_machinery.equality import same
from sampan_machinery.metadata import annotations_of, get_path
from sampan_podspec.advice import NODE_LABELS
from sampan_storage.claims import OLD_CLASS
from sampan_storage.volumes import MOUNT_OPTIONS

_OLD_CLASS = 'deprecated since v1.8; use "storageClassName" attribute instead'
_OLD_OPTIONS = 'deprecated since v1.31; use "mountOptions" attribute instead'
_RECYCLE = "The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning."
_DEAD_SOURCES = {
    "cephfs": "deprecated in v1.28, non-functional in v1.31+",
    "photonPersistentDisk": "deprecated in v1.11, non-functional in v1.16+",
    "scaleIO": "deprecated in v1.16, non-functional in v1.22+",
    "storageos": "deprecated in v1.22, non-functional in v1.25+",
    "glusterfs": "deprecated in v1.25, non-functional in v1.26+",
    "rbd": "deprecated in v1.28, non-functional in v1.31+",
}
_SPELT = {"storageos": "storageOS"}  # sic
TOKENS_IN_SECRETS = (
    "spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible "
    "logging of tokens in volume attributes"
)


class StorageWarnings:
    """Sends what ``advice`` says as Warning headers; never refuses."""

    name = "StorageWarnings"
    operations = frozenset({"CREATE", "UPDATE"})
    resources = frozenset(
        each.group_resource
        for each in (
            resources.PERSISTENT_VOLUMES,
            resources.PERSISTENT_VOLUME_CLAIMS,
            resources.STORAGE_CLASSES,
            resources.CSI_DRIVERS,
            resources.CSI_STORAGE_CAPACITIES,
        )
    )
    subresources = frozenset({""})
    mutates = False
    priority = 500

    def admit(self, review: Review) -> None:
        if review.object is not None:
            told = advice(review.kind.kind, review.object, review.old)
            review.warnings += [text for text in told if text not in review.warnings]


def advice(kind: str, obj: Object, old: Object | None = None) -> Iterator[str]:
    if kind == "PersistentVolume":
        yield from _of_volume(obj)
    elif kind == "PersistentVolumeClaim":
        yield from _of_claim(obj)
    elif kind == "StorageClass":
        yield from _of_class(obj)
    elif kind == "CSIStorageCapacity":
        topology = obj.get("nodeTopology") or {}
        yield from _of_expressions("nodeTopology.matchExpressions", topology.get("matchExpressions") or ())
        for label in topology.get("matchLabels") or ():
            if label in NODE_LABELS:
                yield f"nodeTopology.matchLabels.{label}: {NODE_LABELS[label]}"
    elif kind == "CSIDriver":
        yield from _of_driver(obj.get("spec") or {}, (old or {}).get("spec") or {})


def _of_volume(volume: Object) -> Iterator[str]:
    spec = volume.get("spec") or {}
    for name, why in ((OLD_CLASS, _OLD_CLASS), (MOUNT_OPTIONS, _OLD_OPTIONS)):
        if name in annotations_of(volume):
            yield f"metadata.annotations[{name}]: {why}"
    if spec.get("persistentVolumeReclaimPolicy") == "Recycle":
        yield f"spec.persistentVolumeReclaimPolicy: {_RECYCLE}"
    terms = get_path(spec, "nodeAffinity", "required", "nodeSelectorTerms", default=()) or ()
    for index, term in enumerate(terms):
        where = f"spec.nodeAffinity.required.nodeSelectorTerms[{index}].matchExpressions"
        yield from _of_expressions(where, term.get("matchExpressions") or ())
    for name, why in _DEAD_SOURCES.items():
        if spec.get(name) is not None:
            yield f"spec.{_SPELT.get(name, name)}: {why}"


def _of_expressions(path: str, expressions: Iterable[Mapping[str, str]]) -> Iterator[str]:
    for index, expression in enumerate(expressions):
        if (key := expression.get("key") or "") in NODE_LABELS:
            yield f"{path}[{index}].key: {key} is {NODE_LABELS[key]}"


def _of_claim(claim: Object) -> Iterator[str]:
    if OLD_CLASS in annotations_of(claim):
        yield f"metadata.annotations[{OLD_CLASS}]: {_OLD_CLASS}"
    for name in ("requests", "limits"):
        amount = get_path(claim, "spec", "resources", name, "storage", default=None)
        if amount is not None and quantities.milli(amount) % 1000:
            value = f'fractional byte value "{quantities.canonical(amount)}" is invalid, must be an integer'
            yield f"spec.resources.{name}[storage]: {value}"


def _of_class(storage_class: Object) -> Iterator[str]:
    for index, term in enumerate(storage_class.get("allowedTopologies") or ()):
        for place, expression in enumerate(term.get("matchLabelExpressions") or ()):
            if (why := NODE_LABELS.get(expression.get("key") or "")) is not None:
                yield f"allowedTopologies[{index}].matchLabelExpressions[{place}].key: {why}"


def _of_driver(spec: Object, old: Object) -> Iterator[str]:
    requests = spec.get("tokenRequests")
    if requests and spec.get("serviceAccountTokenInSecrets") is None and not same(requests, old.get("tokenRequests")):
        yield TOKENS_IN_SECRETS
