"""Bindings of what an object depends on: they go wherever the bindings go that require them. Pure.

Source: Karmada docs, "Propagate dependencies" (``propagateDeps``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sampan.contracts.kinds import Object
from sampan_federation.names import RB_ID, binding_name
from sampan_federation.resources import RESOURCE_BINDINGS
from sampan_machinery.metadata import controller_ref


class Parent(NamedTuple):
    """The binding of the object that depends on others."""

    namespace: str
    name: str


def parent_of(binding: Object) -> Parent:
    return Parent(binding["metadata"].get("namespace", ""), binding["metadata"]["name"])


def snapshot_of(binding: Object) -> dict[str, Any] | None:
    """What is kept of a parent in its dependencies' bindings; None if nothing depends on it now. A cluster that the
    parent is being evicted from needs them until it has left."""
    spec, parent = binding.get("spec") or {}, parent_of(binding)
    clusters = [dict(each) for each in spec.get("clusters") or ()]
    names = {each["name"] for each in clusters}
    for task in spec.get("gracefulEvictionTasks") or ():
        if task.get("purgeMode") != "Directly" and task["fromCluster"] not in names:
            clusters.append({"name": task["fromCluster"]})
    if not spec.get("propagateDeps") or not clusters:
        return None
    return {"namespace": parent.namespace, "name": parent.name, "clusters": clusters}


def required_by(
    present: Sequence[Mapping[str, Any]], parent: Parent, snapshot: Mapping[str, Any] | None
) -> list[Object]:
    """``spec.requiredBy`` with the parent's snapshot, or without the parent."""
    others = [dict(each) for each in present if (each.get("namespace", ""), each.get("name")) != parent]
    return sorted([*others, dict(snapshot)] if snapshot else others, key=lambda each: str(each.get("name")))


def attached(dependency: Object, required: list[Object]) -> Object:
    """A new binding of a dependency that no policy propagates."""
    metadata = dependency["metadata"]
    return {
        "apiVersion": RESOURCE_BINDINGS.api_version,
        "kind": RESOURCE_BINDINGS.kind,
        "metadata": {
            "name": binding_name(dependency["kind"], metadata["name"]),
            "namespace": metadata["namespace"],
            "labels": {RB_ID: metadata.get("uid", "")},
            "ownerReferences": [controller_ref(dependency)],
        },
        "spec": {"resource": reference_to(dependency), "requiredBy": required, "conflictResolution": "Abort"},
    }


def reference_to(obj: Object) -> dict[str, str]:
    metadata = obj["metadata"]
    named = {name: metadata.get(name, "") for name in ("namespace", "name", "uid", "resourceVersion")}
    return {"apiVersion": obj["apiVersion"], "kind": obj["kind"], **named}


def is_needed(binding: Object) -> bool:
    """Whether a binding has a reason to be there: a policy, or others that require its object."""
    spec = binding.get("spec") or {}
    return spec.get("placement") is not None or bool(spec.get("requiredBy"))
