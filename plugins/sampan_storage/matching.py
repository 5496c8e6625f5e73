"""Which volume a claim gets. Pure. Source: upstream's FindMatchingVolume and the controller's index of access modes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sampan.contracts.kinds import Object
from sampan_machinery import quantities, selectors
from sampan_machinery.metadata import annotations_of, get_path, is_deleting, labels_of
from sampan_storage.claims import OLD_CLASS, class_of


def best(claim: Object, volumes: Iterable[Object], *, delayed: bool) -> Object | None:
    """The volume that is reserved for the claim, else the smallest one with the fewest access modes that satisfies it.

    ``delayed``: the claim waits for its first pod, whose node decides; only a reserved volume counts.
    """
    fitting = [volume for volume in volumes if _may_hold(volume, claim)]
    reserved = [volume for volume in fitting if is_reserved(volume, claim)]
    free = [] if delayed else [volume for volume in fitting if _is_free(volume) and _is_wanted(volume, claim)]
    return min(reserved, key=_order, default=None) or min(free, key=_order, default=None)


def mismatch(volume: Object, claim: Object) -> str:
    """Why a volume that a claim names does not satisfy it, in upstream's words; "" where it does."""
    if is_deleting(volume):
        return f'the volume is marked for deletion "{volume["metadata"]["name"]}"'
    reasons = (
        (quantities.whole(size_of(volume)) < quantities.whole(wanted_size(claim)), "requested PV is too small"),
        (class_of_volume(volume) != class_of(claim), "storageClassName does not match"),
        (_attributes(volume) != _attributes(claim), "volumeAttributesClassName does not match"),
        (other_mode(volume, claim), "incompatible volumeMode"),
        (not _has_modes(volume, claim), "incompatible accessMode"),
    )
    return next((why for wrong, why in reasons if wrong), "")


def is_reserved(volume: Object, claim: Object) -> bool:
    """Whether the volume names this claim, by name or already by uid."""
    reference = reference_of(volume)
    meta = claim["metadata"]
    if reference is None or (reference.get("namespace"), reference.get("name")) != (meta["namespace"], meta["name"]):
        return False
    return not reference.get("uid") or reference["uid"] == meta["uid"]


def reference_of(volume: Object) -> Object | None:
    found: Object | None = get_path(volume, "spec", "claimRef", default=None)
    return found


def other_mode(volume: Object, claim: Object) -> bool:
    one, other = (get_path(each, "spec", "volumeMode", default=None) or "Filesystem" for each in (volume, claim))
    return bool(one != other)


def class_of_volume(volume: Object) -> str:
    annotation = annotations_of(volume).get(OLD_CLASS)
    return annotation if annotation is not None else get_path(volume, "spec", "storageClassName", default="") or ""


def size_of(volume: Object) -> Any:
    return get_path(volume, "spec", "capacity", "storage", default=None) or "0"


def wanted_size(claim: Object) -> Any:
    return get_path(claim, "spec", "resources", "requests", "storage", default=None) or "0"


def _attributes(obj: Object) -> str:
    return get_path(obj, "spec", "volumeAttributesClassName", default=None) or ""


def _modes(obj: Object) -> set[str]:
    return set(get_path(obj, "spec", "accessModes", default=()) or ())


def _has_modes(volume: Object, claim: Object) -> bool:
    return _modes(claim) <= _modes(volume)


def _may_hold(volume: Object, claim: Object) -> bool:
    """What counts for reserved volumes, too."""
    return (
        (reference_of(volume) is None or is_reserved(volume, claim))
        and not is_deleting(volume)
        and quantities.compare(size_of(volume), wanted_size(claim)) >= 0
        and not other_mode(volume, claim)
        and _attributes(volume) == _attributes(claim)
        and _has_modes(volume, claim)
    )


def _is_free(volume: Object) -> bool:
    return reference_of(volume) is None and get_path(volume, "status", "phase", default="") == "Available"


def _is_wanted(volume: Object, claim: Object) -> bool:
    selector = get_path(claim, "spec", "selector", default=None)
    if selector is not None and not selectors.from_object(selector).matches(labels_of(volume)):
        return False
    return class_of_volume(volume) == class_of(claim)


def _order(volume: Object) -> tuple[int, int, str]:
    return len(_modes(volume)), quantities.nanos(size_of(volume)), volume["metadata"]["name"]
