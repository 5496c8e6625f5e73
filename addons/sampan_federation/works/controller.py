"""Writes the Works of bindings: one for each target cluster; deletes those of clusters that are none any more."""

from __future__ import annotations

import logging
from collections.abc import Hashable, Iterator
from typing import cast

from sampan.contracts.kinds import Object, Resource
from sampan.errors import AlreadyExists, NotFound
from sampan_federation.controllers import Context, Enqueue
from sampan_federation.execution.discovery import Discovery
from sampan_federation.interpreter.kinds import KindName
from sampan_federation.interpreter.rules import RuleFailed
from sampan_federation.overrides.refusals import OverrideFailed
from sampan_federation.resources import (
    CLUSTER_OVERRIDE_POLICIES,
    CLUSTER_RESOURCE_BINDINGS,
    CLUSTERS,
    OVERRIDE_POLICIES,
    RESOURCE_BINDINGS,
    WORKS,
)
from sampan_federation.works import rendering
from sampan_federation.works.index import BindingKey, index_of
from sampan_federation.works.names import BINDING_FINALIZERS, cluster_of, execution_namespace, work_name
from sampan_federation.works.rendering import Policies
from sampan_federation.works.selecting import may_select
from sampan_machinery.metadata import is_deleting, key_of, labels_of
from sampan_machinery.resources import NAMESPACES

log = logging.getLogger(__name__)

REFUSED = 30.0  # seconds until a Work that cannot be rendered or written is tried again


class Works:
    """Satisfies ``Controller``. Keys: (namespace, name) of a binding, the namespace "" for a ClusterResourceBinding."""

    name = "works"
    workers = 2

    def __init__(self, context: Context) -> None:
        self._context = context
        caches = context.caches
        self._bindings = {True: caches.of(RESOURCE_BINDINGS), False: caches.of(CLUSTER_RESOURCE_BINDINGS)}
        self._works = caches.of(WORKS)
        self._index = index_of(caches)
        self._clusters = caches.of(CLUSTERS)
        self._of_clusters = caches.of(CLUSTER_OVERRIDE_POLICIES)
        self._of_namespaces = caches.of(OVERRIDE_POLICIES)
        self._kinds = Discovery(context.clock)
        self._enqueue: Enqueue = lambda key: None

    def start(self, enqueue: Enqueue) -> None:
        self._enqueue = enqueue
        self._index.on_change(self._work_changed)
        for bindings in self._bindings.values():
            bindings.on_change(self._binding_changed)
        for policies in (self._of_clusters, self._of_namespaces):
            policies.on_change(self._policy_changed)
        self._clusters.on_change(self._cluster_changed)

    def handle(self, key: Hashable) -> float | None:
        namespace, name = binding_key = cast(BindingKey, key)
        binding = self._bindings[bool(namespace)].get(name, namespace)
        present = self._index.works_of(binding_key)
        if binding is None or is_deleting(binding):
            self._delete(present)
            if binding is not None and not present:
                self._finish(binding)
            return None
        kept = rendering.kept_clusters(binding)
        self._delete([work for work in present if cluster_of(work["metadata"]["namespace"]) not in kept])
        if not rendering.targets_of(binding):
            return None
        template = self._template(binding)
        if template is None or is_deleting(template):
            return None  # its binding is deleted with it
        return min((again for again in self._write_all(binding, template) if again is not None), default=None)

    def close(self) -> None:
        return None

    def _write_all(self, binding: Object, template: Object) -> Iterator[float | None]:
        policies = Policies(
            self._of_clusters.list(), self._of_namespaces.list(binding["metadata"].get("namespace", ""))
        )
        for target in rendering.targets_of(binding):
            cluster = self._clusters.get(target.cluster)
            if cluster is None or is_deleting(cluster):
                continue
            metadata = template["metadata"]
            name = work_name(template["kind"], metadata["name"], metadata.get("namespace", ""))
            state = rendering.state_of(
                binding, target.cluster, self._works.get(name, execution_namespace(target.cluster))
            )
            try:
                work = rendering.render(template, binding, target, cluster, policies, self._context.interpreter, state)
            except (OverrideFailed, RuleFailed) as error:
                reason = "ApplyOverridePolicyFailed" if isinstance(error, OverrideFailed) else "SyncWorkFailed"
                self._context.recorder.event(binding, "Warning", reason, f"for the cluster {target.cluster}: {error}")
                yield REFUSED
                continue
            yield self._write(work, binding)

    def _write(self, work: Object, binding: Object) -> float | None:
        name, namespace = work["metadata"]["name"], work["metadata"]["namespace"]
        present = self._works.get(name, namespace)
        if present is not None and is_deleting(present):
            return None  # enqueued again when it is gone
        if present is None:
            self._create(work)
            return None
        if rendering.binding_of(present) != (binding["metadata"].get("namespace", ""), binding["metadata"]["name"]):
            message = f"the Work {namespace}/{name} is not of this binding"
            self._context.recorder.event(binding, "Warning", "SyncWorkFailed", message)
            return REFUSED
        if not rendering.is_rendered(work, present):
            self._context.host.update(WORKS, rendering.updated(work, present))
        return None

    def _create(self, work: Object) -> None:
        namespace = work["metadata"]["namespace"]
        host = self._context.host
        try:
            host.create(WORKS, work, namespace)
        except AlreadyExists:
            return  # the cache will show it
        except NotFound:
            host.create(NAMESPACES, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
            host.create(WORKS, work, namespace)

    def _delete(self, works: list[Object]) -> None:
        for work in works:
            if is_deleting(work):
                continue
            metadata = work["metadata"]
            try:
                self._context.host.delete(WORKS, metadata["name"], metadata["namespace"], uid=metadata["uid"])
            except NotFound:
                continue

    def _finish(self, binding: Object) -> None:
        """Its Works are gone: so may the binding be."""
        finalizers = binding["metadata"].get("finalizers") or []
        kept = [each for each in finalizers if each not in BINDING_FINALIZERS]
        if kept != finalizers:
            changed = {**binding, "metadata": {**binding["metadata"], "finalizers": kept}}
            self._context.host.update(_resource(binding), changed)

    def _template(self, binding: Object) -> Object | None:
        return template_of(self._context, self._kinds, binding)

    # -- what changes

    def _binding_changed(self, old: Object | None, new: Object | None) -> None:
        binding = new or old
        assert binding is not None
        if old is None or new is None or _matters(old) != _matters(new):
            self._enqueue(key_of(binding))

    def _work_changed(self, binding: BindingKey, old: Object | None, new: Object | None) -> None:
        """A Work was changed or deleted by another client; or it has no binding any more."""
        if old is None or new is None or old["metadata"].get("generation") != new["metadata"].get("generation"):
            self._enqueue(binding)

    def _policy_changed(self, old: Object | None, new: Object | None) -> None:
        if old is not None and new is not None and old.get("spec") == new.get("spec"):
            return
        for bindings in self._bindings.values():
            for binding in bindings.list():
                if any(policy is not None and may_select(policy, binding) for policy in (old, new)):
                    self._enqueue(key_of(binding))

    def _cluster_changed(self, old: Object | None, new: Object | None) -> None:
        if old is not None and new is not None and _place(old) == _place(new):
            return
        name = (new or old or {})["metadata"]["name"]
        for bindings in self._bindings.values():
            for binding in bindings.list():
                if any(target.cluster == name for target in rendering.targets_of(binding)):
                    self._enqueue(key_of(binding))


def template_of(context: Context, kinds: Discovery, binding: Object) -> Object | None:
    """The host's object that the binding is of; None if it is gone, or another of the same name."""
    reference = binding["spec"]["resource"]
    try:
        resource = kinds.resource_of(context.host, KindName(reference["apiVersion"], reference["kind"]))
        found = context.host.get(resource, reference["name"], reference.get("namespace", ""))
    except NotFound:
        return None
    found.setdefault("apiVersion", resource.api_version)
    found.setdefault("kind", resource.kind)
    if reference.get("uid") and found["metadata"].get("uid") != reference["uid"]:
        return None
    return found


def _resource(binding: Object) -> Resource:
    return RESOURCE_BINDINGS if binding["metadata"].get("namespace") else CLUSTER_RESOURCE_BINDINGS


def _matters(binding: Object) -> object:
    metadata = binding["metadata"]
    return metadata.get("uid"), metadata.get("generation"), metadata.get("deletionTimestamp"), labels_of(binding)


def _place(cluster: Object) -> object:
    spec = cluster.get("spec") or {}
    metadata = cluster["metadata"]
    where = tuple(str(spec.get(field)) for field in ("provider", "region", "zone", "zones"))
    return metadata.get("uid"), metadata.get("deletionTimestamp"), labels_of(cluster), where
