"""Keeps the bindings of what propagated objects depend on."""

from __future__ import annotations

from collections.abc import Hashable
from typing import cast

from sampan.contracts.kinds import Object
from sampan.errors import AlreadyExists, NotFound
from sampan_federation.controllers import Context, Enqueue
from sampan_federation.names import binding_name
from sampan_federation.policies.dependencies import (
    Parent,
    attached,
    is_needed,
    parent_of,
    reference_to,
    required_by,
    snapshot_of,
)
from sampan_federation.policies.kinds import HostKinds
from sampan_federation.resources import RESOURCE_BINDINGS
from sampan_machinery.metadata import is_deleting

LATER = 5.0  # seconds until a dependency that is not there yet is looked for again


class Attaching:
    """Satisfies ``Controller``. Keys: Parent."""

    name = "dependencies"
    workers = 1

    def __init__(self, context: Context) -> None:
        self._context = context
        self._kinds = HostKinds(context.host, context.clock)
        self._bindings = context.caches.of(RESOURCE_BINDINGS)
        self._enqueue: Enqueue = lambda key: None

    def start(self, enqueue: Enqueue) -> None:
        self._enqueue = enqueue
        self._bindings.on_change(self._changed)

    def handle(self, key: Hashable) -> float | None:
        parent = cast("Parent", key)
        binding = self._bindings.get(parent.name, parent.namespace)
        snapshot = snapshot_of(binding) if binding is not None and not is_deleting(binding) else None
        wanted, missing = self._dependencies(binding) if binding is not None and snapshot else ([], False)
        names = {binding_name(each["kind"], each["metadata"]["name"]) for each in wanted}
        for other in self._bindings.list(parent.namespace):
            requires = (other.get("spec") or {}).get("requiredBy") or ()
            known = any((each.get("namespace", ""), each.get("name")) == parent for each in requires)
            if known and other["metadata"]["name"] not in names:
                self._detach(other, parent)
        for dependency in wanted:
            self._attach(dependency, parent, snapshot)
        return LATER if missing else None

    def close(self) -> None:
        return None

    def _dependencies(self, binding: Object) -> tuple[list[Object], bool]:
        """(those that are there, whether some are not)."""
        template = self._get((binding.get("spec") or {}).get("resource") or {})
        if template is None:
            return [], False
        references = self._context.interpreter.dependencies(template)
        near = [
            each
            for each in references
            if each.get("namespace") == binding["metadata"]["namespace"] and each.get("name")
        ]
        found = [obj for each in near if (obj := self._get(each)) is not None]
        return found, len(found) < len(near)

    def _get(self, reference: Object) -> Object | None:
        api_version, kind = str(reference.get("apiVersion")), str(reference.get("kind"))
        resource = self._kinds.resource(api_version, kind)
        if resource is None:
            return None
        try:
            obj = self._context.host.get(resource, reference["name"], reference.get("namespace", ""))
        except NotFound:
            return None
        return {**obj, "apiVersion": api_version, "kind": kind}

    def _attach(self, dependency: Object, parent: Parent, snapshot: Object | None) -> None:
        metadata = dependency["metadata"]
        found = self._bindings.get(binding_name(dependency["kind"], metadata["name"]), metadata["namespace"])
        if found is None:
            try:
                self._context.host.create(RESOURCE_BINDINGS, attached(dependency, required_by((), parent, snapshot)))
            except AlreadyExists:
                raise ConnectionError("the binding is not in the cache yet") from None
            return
        spec = found.get("spec") or {}
        changed = {**spec, "requiredBy": required_by(spec.get("requiredBy") or (), parent, snapshot)}
        if spec.get("placement") is None:
            changed["resource"] = reference_to(dependency)
        if changed != spec:
            self._context.host.update(RESOURCE_BINDINGS, {**found, "spec": changed})

    def _detach(self, other: Object, parent: Parent) -> None:
        spec = other["spec"]
        left = required_by(spec["requiredBy"], parent, None)
        changed = {**other, "spec": {name: value for name, value in spec.items() if name != "requiredBy"}}
        if left:
            changed["spec"]["requiredBy"] = left
        try:
            if is_needed(changed):
                self._context.host.update(RESOURCE_BINDINGS, changed)
            elif not is_deleting(other):
                metadata = other["metadata"]
                self._context.host.delete(
                    RESOURCE_BINDINGS, metadata["name"], metadata["namespace"], uid=metadata["uid"]
                )
        except NotFound:
            return

    def _changed(self, old: Object | None, new: Object | None) -> None:
        """Parents; those that are dependencies only have none of their own."""
        binding = new or old
        assert binding is not None
        if any((each or {}).get("spec", {}).get("propagateDeps") for each in (old, new)):
            self._enqueue(parent_of(binding))
        for snapshot in (binding.get("spec") or {}).get("requiredBy") or () if old is None else ():
            self._enqueue(Parent(snapshot.get("namespace", ""), snapshot.get("name", "")))
