"""PersistentVolumeClaim: defaults, what the server sets, validation. Source: core defaults, strategy, validation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sampan.contracts.kinds import Draft, Object, Problem
from sampan_machinery import names, quantities
from sampan_machinery.equality import same
from sampan_machinery.metadata import annotations_of, copy
from sampan_machinery.problems import forbidden, invalid, unsupported
from sampan_machinery.validation import by_rule, validate_immutable
from sampan_podspec.validation.claims import claim_spec
from sampan_storage.volumes import difference

OLD_CLASS = "volume.beta.kubernetes.io/storage-class"
RESIZE_STATES = (
    "ControllerResizeInProgress", "ControllerResizeInfeasible", "NodeResizePending", "NodeResizeInProgress",
    "NodeResizeInfeasible",
)  # fmt: skip
_FROZEN = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"
_SNAPSHOTS = ("snapshot.storage.k8s.io", "VolumeSnapshot")
_CLAIMS = ("", "PersistentVolumeClaim")


def default(obj: Object) -> None:
    spec, status = obj.setdefault("spec", {}), obj.setdefault("status", {})
    if not status.get("phase"):
        status["phase"] = "Pending"
    if spec.get("volumeMode") is None:
        spec["volumeMode"] = "Filesystem"


def prepare(draft: Draft) -> None:
    """Both data sources say the same; an unknown one is dropped, as ever. Source: KEP-1495."""
    if draft.subresource:
        return
    spec = draft.object.get("spec") or {}
    old = (draft.old or {}).get("spec") or {}
    if draft.old is None:
        draft.object["status"] = {"phase": "Pending"}
    reference = spec.get("dataSourceRef") or {}
    if reference.get("namespace") and old.get("dataSourceRef") is None:
        del spec["dataSourceRef"]  # sources in another namespace are alpha upstream, and off
    if old.get("dataSource") is None and old.get("dataSourceRef") is None and spec.get("dataSourceRef") is None:
        source = spec.get("dataSource")
        if source is not None and (source.get("apiGroup") or "", source.get("kind")) not in (_CLAIMS, _SNAPSHOTS):
            del spec["dataSource"]
    normalize_sources(spec)


def normalize_sources(spec: Object) -> None:
    """Fill the one data source from the other, in place."""
    source, reference = spec.get("dataSource"), spec.get("dataSourceRef")
    if source is not None and reference is None:
        spec["dataSourceRef"] = dict(source)
    elif reference is not None and source is None and not reference.get("namespace"):
        spec["dataSource"] = {key: value for key, value in reference.items() if key != "namespace"}


def class_of(claim: Object) -> str:
    """The claim's StorageClass; "" for none. The annotation wins, as upstream."""
    return class_or_none(claim) or ""


def class_or_none(claim: Object) -> str | None:
    """The same; None where the claim says nothing about it."""
    annotation = annotations_of(claim).get(OLD_CLASS)
    return annotation if annotation is not None else (claim.get("spec") or {}).get("storageClassName")


def validate(new: Object, old: Object | None) -> Iterator[Problem]:
    before, status = None if old is None else old.get("spec") or {}, new.get("status") or {}
    if old is not None and not same(status, old.get("status")):
        yield from _status("status", status)  # only the status is written then
        return
    yield from claim_spec("spec", new.get("spec") or {}, before)
    if old is not None:
        yield from _changes(new, old)


def _changes(new: Object, old: Object) -> Iterator[Problem]:
    spec, before = copy(new.get("spec") or {}), copy(old.get("spec") or {})
    for each in (spec, before):
        normalize_sources(each)
    if not before.get("volumeName"):  # the binder writes it once
        before["volumeName"] = spec.get("volumeName") or ""
    spec["volumeName"] = spec.get("volumeName") or ""
    yield from _class_change(new, old, spec, before)
    if (new.get("status") or {}).get("phase") == "Bound":
        _allow(spec, before, "volumeAttributesClassName")
        if (requests := (spec.get("resources") or {}).get("requests")) is not None:
            requests["storage"] = _size(old)
    if not same(spec, before):
        why = (
            "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"
        )
        yield forbidden("spec", f"{why}\n{difference(before, spec)}")
    yield from _shrunk(new, old)
    modes = [(each.get("spec") or {}).get("volumeMode") for each in (new, old)]
    yield from validate_immutable("volumeMode", *modes)
    yield from _attributes(new, old)


def _allow(spec: Object, before: Object, field: str) -> None:
    """Count the field as unchanged."""
    spec.pop(field, None)
    if before.get(field) is not None:
        spec[field] = before[field]


def _class_change(new: Object, old: Object, spec: Object, before: Object) -> Iterator[Problem]:
    """A class may be set once: where the annotation named it before, or where there was none."""
    annotated, now = annotations_of(old).get(OLD_CLASS), annotations_of(new).get(OLD_CLASS)
    name, was = spec.get("storageClassName"), before.get("storageClassName")
    if annotated is not None and was is None and name == annotated and now in (None, annotated):
        del spec["storageClassName"]
        return
    if (now or "") != (annotated or ""):
        yield invalid(f"metadata.annotations[{OLD_CLASS}]", now or "", "field is immutable")
    if name is not None and was is None and annotated in (None, name):
        del spec["storageClassName"]


def _size(claim: Object) -> Any:
    return (((claim.get("spec") or {}).get("resources") or {}).get("requests") or {}).get("storage", "0")


def _shrunk(new: Object, old: Object) -> Iterator[Problem]:
    """Down to what there is, no further: so one gets out of a resize that fails."""
    there = ((old.get("status") or {}).get("capacity") or {}).get("storage", "0")
    if quantities.compare(_size(new), _size(old)) < 0 and quantities.compare(_size(new), there) <= 0:
        yield forbidden("spec.resources.requests.storage", "field can not be less than status.capacity")


def _attributes(new: Object, old: Object) -> Iterator[Problem]:
    now, was = ((each.get("spec") or {}).get("volumeAttributesClassName") for each in (new, old))
    current = (old.get("status") or {}).get("currentVolumeAttributesClassName")
    if now == was or current is None or now:
        return
    what = "nil" if now is None else "empty string"
    why = f"update to {what} is forbidden when status.currentVolumeAttributesClassName is not nil"
    yield forbidden("spec.volumeAttributesClassName", why)


def _status(path: str, status: Object) -> Iterator[Problem]:
    for name, amount in (status.get("capacity") or {}).items():
        yield from _basic(f"{path}.capacity[{name}]", amount)
    where = f"{path}.allocatedResourceStatuses"
    for name, state in (status.get("allocatedResourceStatuses") or {}).items():
        yield from _resource_key(where, name)
        if state not in RESIZE_STATES:
            yield unsupported(where, name, RESIZE_STATES)
    where = f"{path}.allocatedResources"
    for name, amount in (status.get("allocatedResources") or {}).items():
        found = list(_resource_key(where, name)) or list(_basic(f"{where}[{name}]", amount))
        yield from found


def _basic(path: str, amount: Any) -> Iterator[Problem]:
    if (units := quantities.whole(amount)) < 0:
        yield invalid(path, units, "must be a valid resource quantity")


def _resource_key(path: str, name: str) -> Iterator[Problem]:
    found = by_rule(path, name, names.label_key)
    native = "/" not in name or "kubernetes.io/" in name
    if not found and native and name != "storage":
        found = [unsupported(path, name, ["storage"])]
    yield from found
