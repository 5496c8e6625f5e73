"""Adoption and release: which objects a controller owns. Orphans that match are adopted, own ones that do not match are
released."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sampan.contracts.kinds import Object, Resource
from sampan.contracts.reconciling import Action, Key, Observed, Patch
from sampan_machinery.metadata import controller_of, controller_ref, get_path, is_deleting, labels_of, owners
from sampan_machinery.selectors import Selector, from_object

SelectorOf = Callable[[Object], Selector]


def selector_of(owner: Object) -> Selector:
    """``spec.selector`` as a LabelSelector, which all kinds but ReplicationController have."""
    return from_object(get_path(owner, "spec", "selector"))


def adopt_and_release(
    owner: Object,
    resource: Resource,
    observed: Observed,
    may_adopt: Callable[[Object], bool] = lambda obj: True,
    *,
    select: SelectorOf = selector_of,
    finalizer: str = "",
) -> tuple[list[Object], list[Action]]:
    """The objects that are the owner's now, and the patches that adopt and release others. ``finalizer``: adopted
    objects get it as well, released ones lose it."""
    metadata = owner["metadata"]
    selector = select(owner)
    mine: list[Object] = []
    actions: list[Action] = []
    # Not all objects of the namespace: each of a thousand ReplicaSets would look through the pods of all others.
    for obj in observed.claimable(resource, metadata["uid"], metadata["namespace"]):
        controller = controller_of(obj)
        matches = selector.matches(labels_of(obj))
        if controller is not None:
            if controller.get("uid") != metadata["uid"]:
                continue
            if matches or is_deleting(obj):
                mine.append(obj)
            elif not is_deleting(owner):
                left = [ref for ref in owners(obj) if ref.get("uid") != metadata["uid"]]
                actions.append(_patch(resource, obj, left, _without(obj, finalizer)))
        elif matches and not is_deleting(obj) and not is_deleting(owner) and may_adopt(obj):
            added = [*_without(obj, finalizer), *([finalizer] if finalizer else [])]
            actions.append(_patch(resource, obj, [*owners(obj), controller_ref(owner)], added))
            mine.append(obj)
    return mine, actions


def _without(obj: Object, finalizer: str) -> list[str]:
    """The object's finalizers but this one."""
    return [each for each in obj["metadata"].get("finalizers") or () if each != finalizer]


def _patch(resource: Resource, obj: Object, references: list[Object], finalizers: list[str]) -> Patch:
    """Guarded by uid and resourceVersion: never the object that has just taken this one's name."""
    metadata = obj["metadata"]
    guarded: Object = {
        "uid": metadata["uid"],
        "resourceVersion": metadata["resourceVersion"],
        "ownerReferences": references or None,
    }
    if finalizers != (metadata.get("finalizers") or []):
        guarded["finalizers"] = finalizers or None
    return Patch(resource, metadata["name"], metadata["namespace"], {"metadata": guarded})


def concerned(primary: Resource, select: SelectorOf = selector_of) -> Callable[[Object, Observed], Iterable[Key]]:
    """For a watch: the object's controller of the primary kind; for an orphan every object whose selector matches
    it."""

    def keys(obj: Object, observed: Observed) -> Iterable[Key]:
        namespace = obj["metadata"].get("namespace", "")
        controller = controller_of(obj)
        if controller is not None:
            if controller.get("kind") == primary.kind and controller.get("apiVersion") == primary.api_version:
                return [Key(namespace, controller["name"])]
            return []
        labels = labels_of(obj)
        return [
            Key(namespace, owner["metadata"]["name"])
            for owner in observed.list(primary, namespace)
            if select(owner).matches(labels)
        ]

    return keys
