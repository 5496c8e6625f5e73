"""The writes that bind a volume to a claim, or take that back. Pure. Source: upstream's pv_controller (meaning).

Volume first, then claim: a claim never names a volume that another claim could still get. Upstream writes a status
with the resourceVersion of the answer before; here it is a patch, which needs none. What fails midway is finished by
the next decision.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sampan.contracts.kinds import Object
from sampan.contracts.reconciling import Action, Patch, Update
from sampan_machinery import quantities
from sampan_machinery.equality import same
from sampan_machinery.metadata import annotations_of, copy, get_path
from sampan_machinery.resources import PERSISTENT_VOLUME_CLAIMS as CLAIMS
from sampan_machinery.resources import PERSISTENT_VOLUMES as VOLUMES
from sampan_storage.matching import is_reserved, reference_of, size_of

BIND_COMPLETED = "pv.kubernetes.io/bind-completed"
BOUND_BY_CONTROLLER = "pv.kubernetes.io/bound-by-controller"
BEFORE_RESIZE = "volume.alpha.kubernetes.io/pre-resize-capacity"


def bind(volume: Object, claim: Object) -> Iterator[Action]:
    """Everything that is missing for the two to be bound to each other; nothing where they are."""
    yield from _reserve(volume, claim)
    yield from volume_phase(volume, "Bound")
    yield from _name(volume, claim)
    yield from claim_phase(claim, "Bound", volume)


def _reserve(volume: Object, claim: Object) -> Iterator[Action]:
    if (changed := reserved(volume, claim)) is not None:
        yield Update(VOLUMES, changed)


def reserved(volume: Object, claim: Object) -> Object | None:
    """A copy of the volume that names the claim; None where it does already."""
    meta, reference = claim["metadata"], reference_of(volume) or {}
    if reference.get("uid") == meta["uid"] and is_reserved(volume, claim):
        return None
    changed: Object = copy(volume)
    if not is_reserved(volume, claim):
        _annotate(changed, BOUND_BY_CONTROLLER)
    changed["spec"]["claimRef"] = {
        "kind": CLAIMS.kind,
        "apiVersion": CLAIMS.api_version,
        "namespace": meta["namespace"],
        "name": meta["name"],
        "uid": meta["uid"],
        "resourceVersion": meta["resourceVersion"],
    }
    return changed


def _name(volume: Object, claim: Object) -> Iterator[Action]:
    """The claim names its volume, and says that it has been bound once."""
    named = get_path(claim, "spec", "volumeName", default="") == volume["metadata"]["name"]
    if named and BIND_COMPLETED in annotations_of(claim):
        return
    changed = copy(claim)
    if not named:
        changed["spec"]["volumeName"] = volume["metadata"]["name"]
        _annotate(changed, BOUND_BY_CONTROLLER)
    _annotate(changed, BIND_COMPLETED)
    yield Update(CLAIMS, changed)


def unbind(volume: Object) -> Iterator[Action]:
    """A volume that the controller had bound becomes free; one that a user reserved stays reserved."""
    changed = copy(volume)
    if BOUND_BY_CONTROLLER in annotations_of(volume):
        del changed["spec"]["claimRef"]
        del changed["metadata"]["annotations"][BOUND_BY_CONTROLLER]
    else:
        del changed["spec"]["claimRef"]["uid"]
    yield Update(VOLUMES, changed)
    yield from volume_phase(volume, "Available")


def volume_phase(volume: Object, phase: str, message: str = "") -> Iterator[Action]:
    """The patch of a volume's status; nothing where it is in that phase."""
    status = volume.get("status") or {}
    if status.get("phase") != phase:
        change = {"phase": phase, "message": message or None}
        yield _patch_status(VOLUMES, volume, change)


def claim_phase(claim: Object, phase: str, volume: Object | None = None) -> Iterator[Action]:
    """The patch of a claim's status, with what ``volume`` gives; without one all that is taken back."""
    old = claim.get("status") or {}
    new = {"phase": phase, **_given(old, phase, volume)}
    change = {key: value for key, value in new.items() if not same(value, old.get(key))}
    if change:
        yield _patch_status(CLAIMS, claim, change)


def _given(old: Object, phase: str, volume: Object | None) -> dict[str, Any]:
    if volume is None:
        return {"accessModes": None, "capacity": None, "currentVolumeAttributesClassName": None}
    spec = volume.get("spec") or {}
    found: dict[str, Any] = {"accessModes": list(spec.get("accessModes") or ())}
    if old.get("phase") != phase:  # later the capacity is the resizer's to write
        found["capacity"] = {**(old.get("capacity") or {}), "storage": _capacity(volume)}
    if (old.get("phase"), phase) == ("Pending", "Bound"):
        found["currentVolumeAttributesClassName"] = spec.get("volumeAttributesClassName")
    return found


def _capacity(volume: Object) -> str:
    """What is there before a resize that has not been finished, else the volume's."""
    before = annotations_of(volume).get(BEFORE_RESIZE)
    return quantities.canonical(before if before and quantities.is_quantity(before) else size_of(volume))


def _annotate(obj: Object, name: str) -> None:
    annotations = obj["metadata"].get("annotations") or {}
    annotations.setdefault(name, "yes")
    obj["metadata"]["annotations"] = annotations


def _patch_status(resource: Any, obj: Object, change: dict[str, Any]) -> Patch:
    meta = obj["metadata"]
    patch = {"metadata": {"uid": meta["uid"]}, "status": change}
    return Patch(resource, meta["name"], meta.get("namespace", ""), patch, subresource="status")
