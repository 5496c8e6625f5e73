"""Finds each object's policy, marks the object with it, and keeps its binding."""

from __future__ import annotations

import threading
from collections.abc import Hashable
from typing import NamedTuple, cast

from sampan.contracts.kinds import Object, Resource
from sampan.errors import AlreadyExists, NotFound
from sampan_federation.caches import Cache
from sampan_federation.controllers import Context, Enqueue
from sampan_federation.names import binding_name
from sampan_federation.policies.binding import marks_patch, new_binding, resource_of, updated_binding
from sampan_federation.policies.kinds import HostKinds
from sampan_federation.policies.matching import Reference, choose, matches, taken_by
from sampan_federation.resources import (
    CLUSTER_OVERRIDE_POLICIES,
    CLUSTER_PROPAGATION_POLICIES,
    CLUSTER_RESOURCE_BINDINGS,
    OVERRIDE_POLICIES,
    PROPAGATION_POLICIES,
    RESOURCE_BINDINGS,
)
from sampan_machinery.metadata import is_deleting, key_of

SOON = 0.5  # seconds


class Template(NamedTuple):
    """The key of an object that may be propagated."""

    api_version: str
    kind: str
    namespace: str
    name: str


class Kind(NamedTuple):
    """The key of a kind that policies name: it has to be watched."""

    api_version: str
    kind: str


class Propagating:
    """Satisfies ``Controller``. Keys: Template and Kind."""

    name = "policies"
    workers = 2

    def __init__(self, context: Context) -> None:
        self._context = context
        self._kinds = HostKinds(context.host, context.clock)
        of = context.caches.of
        self._policies, self._cluster_policies = of(PROPAGATION_POLICIES), of(CLUSTER_PROPAGATION_POLICIES)
        self._overrides = (of(OVERRIDE_POLICIES), of(CLUSTER_OVERRIDE_POLICIES))
        self._bindings = {resource: of(resource) for resource in (RESOURCE_BINDINGS, CLUSTER_RESOURCE_BINDINGS)}
        self._watched: dict[Kind, Cache] = {}
        self._waiting: set[Template] = set()  # for the overrides that their policies depend on
        self._lock = threading.Lock()
        self._enqueue: Enqueue = lambda key: None

    def start(self, enqueue: Enqueue) -> None:
        self._enqueue = enqueue
        for cache in (self._policies, self._cluster_policies):
            cache.on_change(self._policy_changed)
        for cache in self._overrides:
            cache.on_change(self._override_changed)
        for cache in self._bindings.values():
            cache.on_change(self._binding_changed)

    def handle(self, key: Hashable) -> float | None:
        if isinstance(key, Kind):
            return self._watch(key)
        return self._propagate(cast("Template", key))

    def close(self) -> None:
        return None

    def _watch(self, kind: Kind) -> float | None:
        with self._lock:
            if kind in self._watched:
                return None
        resource = self._kinds.resource(*kind)
        if resource is None:
            return self._kinds.again_after()  # its CustomResourceDefinition may come later
        cache = self._context.caches.of(resource)
        with self._lock:
            self._watched[kind] = cache
        cache.on_change(lambda old, new: self._template_changed(kind, new or old))
        return None

    def _propagate(self, key: Template) -> float | None:
        cache = self._watched.get(Kind(key.api_version, key.kind))
        if cache is None:
            return None
        if not cache.synced:  # an object that is not there yet may be there
            return SOON
        template = cache.get(key.name, key.namespace)
        if template is None or is_deleting(template):
            self._remove_binding(key)
            return None
        template = {**template, "apiVersion": key.api_version, "kind": key.kind}
        policy = choose(template, self._policies.list(key.namespace), self._cluster_policies.list())
        if policy is None or not self._waits_for_overrides(key, policy):
            self._mark(cache.resource, template, policy)
            self._keep_binding(template, policy)
        return None

    def _mark(self, resource: Resource, template: Object, policy: Object | None) -> None:
        patch = marks_patch(template, policy)
        if patch is not None and (policy is not None or taken_by(template) is not None):
            namespace, name = key_of(template)
            self._context.host.patch(resource, name, patch, namespace)

    def _keep_binding(self, template: Object, policy: Object | None) -> None:
        """Without a policy it stays as it is, so that what runs goes on; only its marks go. As Karmada's."""
        resource = resource_of(template)
        binding = self._binding(resource, template)
        if policy is None:
            if binding is not None and (patch := marks_patch(binding, None)):
                namespace, name = key_of(binding)
                self._context.host.patch(resource, name, patch, namespace)
            return
        demand = self._context.interpreter.replicas(template)
        if binding is None:
            try:
                self._context.host.create(resource, new_binding(template, policy, demand))
            except AlreadyExists:
                raise ConnectionError("the binding is not in the cache yet") from None
        elif (updated := updated_binding(binding, template, policy, demand)) is not None:
            self._context.host.update(resource, updated)

    def _binding(self, resource: Resource, template: Object) -> Object | None:
        namespace, name = key_of(template)
        return self._bindings[resource].get(binding_name(template["kind"], name), namespace)

    def _remove_binding(self, key: Template) -> None:
        resource = RESOURCE_BINDINGS if key.namespace else CLUSTER_RESOURCE_BINDINGS
        binding = self._bindings[resource].get(binding_name(key.kind, key.name), key.namespace)
        if binding is None or is_deleting(binding):
            return
        reference = (binding.get("spec") or {}).get("resource") or {}
        if (reference.get("apiVersion"), reference.get("kind")) != (key.api_version, key.kind):
            return
        try:
            namespace, name = key_of(binding)
            self._context.host.delete(resource, name, namespace, uid=binding["metadata"]["uid"])
        except NotFound:
            return

    def _waits_for_overrides(self, key: Template, policy: Object) -> bool:
        namespace = policy["metadata"].get("namespace", "")
        cache = self._overrides[0] if namespace else self._overrides[1]
        missing = any(
            cache.get(name, namespace) is None for name in (policy.get("spec") or {}).get("dependentOverrides") or ()
        )
        with self._lock:
            (self._waiting.add if missing else self._waiting.discard)(key)
        return missing

    def _policy_changed(self, old: Object | None, new: Object | None) -> None:
        changed = [each for each in (old, new) if each is not None]
        for policy in changed:
            for selector in (policy.get("spec") or {}).get("resourceSelectors") or ():
                self._enqueue(Kind(selector.get("apiVersion", ""), selector.get("kind", "")))
        references = {Reference(*key_of(policy)) for policy in changed}
        for kind, cache in list(self._watched.items()):
            for obj in cache.list():
                obj = {**obj, "apiVersion": kind.api_version, "kind": kind.kind}
                if taken_by(obj) in references or any(matches(policy, obj) for policy in changed):
                    self._enqueue(Template(*kind, *key_of(obj)))

    def _override_changed(self, old: Object | None, new: Object | None) -> None:
        with self._lock:
            waiting = list(self._waiting)
        for key in waiting:
            self._enqueue(key)

    def _template_changed(self, kind: Kind, obj: Object | None) -> None:
        if obj is not None:
            self._enqueue(Template(*kind, *key_of(obj)))

    def _binding_changed(self, old: Object | None, new: Object | None) -> None:
        """What others change of it is put back; one that is left over after its object goes."""
        reference = ((new or old or {}).get("spec") or {}).get("resource") or {}
        if not reference.get("kind"):
            return
        kind = Kind(reference.get("apiVersion", ""), reference["kind"])
        if kind not in self._watched:
            self._enqueue(kind)
        self._enqueue(Template(*kind, reference.get("namespace", ""), reference.get("name", "")))
