"""PersistentVolume: defaults, what the server sets, and validation. Source: core defaults, strategy and validation."""

from __future__ import annotations

import json
import posixpath
import time
from collections.abc import Iterator
from difflib import unified_diff

from sampan.contracts.kinds import Draft, Object, Problem
from sampan_machinery import names, quantities
from sampan_machinery.equality import same
from sampan_machinery.metadata import annotations_of, copy, now_text
from sampan_machinery.problems import forbidden, invalid, required, unsupported
from sampan_machinery.validation import by_rule, validate_immutable
from sampan_podspec.validation import claims
from sampan_podspec.validation.scheduling import node_selector
from sampan_storage.sources import CHECKS, default_source, volume_source

RECLAIM_POLICIES = ("Delete", "Recycle", "Retain")
MOUNT_OPTIONS = "volume.beta.kubernetes.io/mount-options"
_MOUNTED = (
    "gcePersistentDisk", "awsElasticBlockStore", "glusterfs", "nfs", "rbd", "quobyte", "iscsi", "cinder", "cephfs",
    "azureFile", "vsphereVolume", "azureDisk", "photonPersistentDisk",
)  # fmt: skip
_NEW_LABELS = {
    "failure-domain.beta.kubernetes.io/zone": "topology.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region": "topology.kubernetes.io/region",
    "beta.kubernetes.io/instance-type": "node.kubernetes.io/instance-type",
}
_INLINE = "in the context of inline volumes"


def default(obj: Object) -> None:
    spec, status = obj.setdefault("spec", {}), obj.setdefault("status", {})
    if not status.get("phase"):
        status["phase"] = "Pending"
    if not spec.get("persistentVolumeReclaimPolicy"):
        spec["persistentVolumeReclaimPolicy"] = "Retain"
    if spec.get("volumeMode") is None:
        spec["volumeMode"] = "Filesystem"
    default_source(spec)


def prepare(draft: Draft) -> None:
    """The time of the last change of phase: upstream's strategy sets it, not its controllers."""
    status = draft.object.setdefault("status", {})
    if draft.old is None:
        draft.object["status"] = {"phase": "Pending", "lastPhaseTransitionTime": now_text(time.time())}
    elif draft.subresource == "status":
        old = draft.old.get("status") or {}
        said, before = status.get("lastPhaseTransitionTime"), old.get("lastPhaseTransitionTime")
        if status.get("phase") != old.get("phase"):
            if said in (None, before):
                status["lastPhaseTransitionTime"] = now_text(time.time())
        elif said is None and before is not None:
            status["lastPhaseTransitionTime"] = before


def validate(new: Object, old: Object | None) -> Iterator[Problem]:
    spec = new.get("spec") or {}
    if old is not None and not same(new.get("status"), old.get("status")):
        return  # a status is written, and there is nothing to say about one
    yield from volume_spec("spec", spec, new["metadata"].get("name") or "")
    if MOUNT_OPTIONS in annotations_of(new) and not any(spec.get(name) is not None for name in _MOUNTED):
        yield forbidden(f"metadata.annotations.{MOUNT_OPTIONS}", "may not specify mount options for this volume type")
    if old is not None:
        yield from _unchanged(spec, old.get("spec") or {})


def volume_spec(path: str, spec: Object, volume: str, *, inline: bool = False) -> Iterator[Problem]:
    """A PersistentVolumeSpec. ``inline``: that of a VolumeAttachment, which names no volume."""
    if inline:
        yield from _inline(path, spec)
    if not spec.get("accessModes"):
        yield required(f"{path}.accessModes")
    yield from claims.access_modes(f"{path}.accessModes", spec.get("accessModes") or ())
    if not inline:
        yield from _capacity(f"{path}.capacity", spec.get("capacity") or {})
    yield from _policy(f"{path}.persistentVolumeReclaimPolicy", spec, inline=inline)
    if (affinity := spec.get("nodeAffinity")) is not None:
        if inline:
            yield forbidden(f"{path}.nodeAffinity", f"may not be specified {_INLINE}")
        elif affinity.get("required") is None:
            yield required(f"{path}.nodeAffinity.required", "must specify required node constraints")
        else:
            yield from node_selector(f"{path}.nodeAffinity.required", affinity["required"])
    yield from volume_source(path, spec, volume)
    yield from _root(f"{path}.persistentVolumeReclaimPolicy", spec)
    yield from _classes(path, spec, inline=inline)


def _inline(path: str, spec: Object) -> Iterator[Problem]:
    for field in ("claimRef", "capacity"):
        if spec.get(field):
            yield forbidden(f"{path}.{field}", f"may not be specified {_INLINE}")
    if spec.get("csi") is None:
        yield required(f"{path}.csi", f"has to be specified {_INLINE}")


def _capacity(path: str, capacity: Object) -> Iterator[Problem]:
    if not capacity:
        yield required(path)
    if list(capacity) != ["storage"]:
        yield unsupported(path, dict(sorted(capacity.items())) or None, ["storage"])
    for name, amount in capacity.items():
        if (units := quantities.whole(amount)) < 0:
            yield invalid(f"{path}[{name}]", units, "must be a valid resource quantity")
        yield from claims.positive(f"{path}[{name}]", amount)


def _policy(path: str, spec: Object, *, inline: bool) -> Iterator[Problem]:
    policy = spec.get("persistentVolumeReclaimPolicy")
    if policy and inline and policy != "Retain":
        yield forbidden(path, f"may only be Retain {_INLINE}")
    elif policy and not inline and policy not in RECLAIM_POLICIES:
        yield unsupported(path, policy, RECLAIM_POLICIES)


def _root(path: str, spec: Object) -> Iterator[Problem]:
    host_path = (spec.get("hostPath") or {}).get("path") or ""
    if host_path and posixpath.normpath(host_path) in ("/", "//") and spec.get(path.rpartition(".")[2]) == "Recycle":
        yield forbidden(path, "may not be 'recycle' for a hostPath mount of '/'")


def _classes(path: str, spec: Object, *, inline: bool) -> Iterator[Problem]:
    if spec.get("storageClassName") and inline:
        yield forbidden(f"{path}.storageClassName", f"may not be specified {_INLINE}")
    else:
        yield from claims.class_name(f"{path}.storageClassName", spec.get("storageClassName"))
    mode = spec.get("volumeMode")
    if not inline:
        yield from claims.volume_mode(f"{path}.volumeMode", mode)
    elif mode not in (None, "Filesystem"):
        yield forbidden(f"{path}.volumeMode", f"may not specify volumeMode other than Filesystem {_INLINE}")
    attributes, where = spec.get("volumeAttributesClassName"), f"{path}.volumeAttributesClassName"
    if attributes is None:
        return
    if not attributes:
        yield required(where, "an empty string is disallowed")
    else:
        yield from by_rule(where, attributes, names.dns_subdomain)
    if spec.get("csi") is None:
        yield required(f"{path}.csi", "has to be specified when using volumeAttributesClassName")


def _unchanged(new: Object, old: Object) -> Iterator[Problem]:
    source, before = _source_of(new), _source_of(old)
    added = source.get("csi") or {}
    if "csi" in before and before["csi"].get("controllerExpandSecretRef") is None:  # may be set once
        source["csi"] = {key: value for key, value in added.items() if key != "controllerExpandSecretRef"}
    if not same(source, before):
        why = f"spec.persistentvolumesource is immutable after creation\n{difference(before, source)}"
        yield forbidden("spec.persistentvolumesource", why)
    yield from validate_immutable("volumeMode", new.get("volumeMode"), old.get("volumeMode"))  # sic: without spec.
    if old.get("nodeAffinity") is not None and not _same_affinity(new.get("nodeAffinity"), old["nodeAffinity"]):
        why = "field is immutable, except for updating from beta label to GA"
        yield invalid("nodeAffinity", new.get("nodeAffinity"), why)
    if old.get("volumeAttributesClassName") is not None and new.get("volumeAttributesClassName") is None:
        yield forbidden("spec.volumeAttributesClassName", "update from non-nil value to nil is forbidden")


def _source_of(spec: Object) -> Object:
    return {name: spec[name] for name in CHECKS if spec.get(name) is not None}


def _same_affinity(new: Object | None, old: Object) -> bool:
    """Unchanged, but for labels that have a new name."""
    return same(new, old) or same(new, _renamed(old))


def _renamed(affinity: Object) -> Object:
    renamed: Object = copy(affinity)
    for term in (renamed.get("required") or {}).get("nodeSelectorTerms") or ():
        for expression in term.get("matchExpressions") or ():
            expression["key"] = _NEW_LABELS.get(expression.get("key"), expression.get("key"))
    return renamed


def difference(old: Object, new: Object) -> str:
    """A unified diff of both as JSON, as upstream shows it."""
    before, after = (json.dumps(each, indent=2, sort_keys=True).splitlines() for each in (old, new))
    return "\n".join(list(unified_diff(before, after, lineterm=""))[2:])
