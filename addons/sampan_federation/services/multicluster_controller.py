"""Keeps what MultiClusterServices ask for: the Service's binding, and the endpoints of other clusters as Works."""

from __future__ import annotations

import logging
from collections.abc import Hashable
from typing import Any, cast

from sampan.contracts.kinds import Object
from sampan.errors import AlreadyExists, NotFound
from sampan_federation.caches import Cache
from sampan_federation.controllers import Context, Enqueue
from sampan_federation.names import binding_name
from sampan_federation.resources import CLUSTERS, MULTI_CLUSTER_SERVICES, RESOURCE_BINDINGS, WORKS
from sampan_federation.services import multicluster as rules
from sampan_federation.services.exporting import PROVISION_CLUSTER
from sampan_federation.services.watches import SliceWatches
from sampan_federation.works.made import plain, write
from sampan_federation.works.names import cluster_of
from sampan_machinery.metadata import (
    annotations_of,
    copy,
    get_condition,
    is_deleting,
    key_of,
    labels_of,
    now_text,
    set_condition,
)
from sampan_machinery.resources import SERVICES

log = logging.getLogger(__name__)

AGAIN = 5.0  # seconds until a member that cannot be connected to is tried again
SOON = 0.5  # seconds until the host's Services are known
Key = tuple[str, str]  # namespace, name

APPLIED, DISPATCHED = "ServiceApplied", "EndpointSliceDispatched"


class MultiClusterServices:
    """Satisfies ``Controller``. Keys: (namespace, name) of a MultiClusterService, which is that of its Service."""

    name = "multicluster-services"
    workers = 1

    def __init__(self, context: Context) -> None:
        self._context = context
        caches = context.caches
        self._mcs, self._works = caches.of(MULTI_CLUSTER_SERVICES), caches.of(WORKS)
        self._bindings, self._clusters = caches.of(RESOURCE_BINDINGS), caches.of(CLUSTERS)
        self._unknown: dict[Key, tuple[str, ...]] = {}  # clusters that an Event was written of
        self._services: Cache | None = None  # watched from the first MultiClusterService on
        self._watches = SliceWatches(lambda cluster: context.members.client(cluster), lambda key: self._enqueue(key))
        self._enqueue: Enqueue = lambda key: None

    def start(self, enqueue: Enqueue) -> None:
        self._enqueue = enqueue
        self._mcs.on_change(self._changed)
        self._works.on_change(self._work_changed)
        self._clusters.on_change(self._cluster_changed)

    def handle(self, key: Hashable) -> float | None:
        namespace, name = cast("Key", key)
        mcs = self._mcs.get(name, namespace)
        ending = mcs is None or is_deleting(mcs) or not rules.is_crossing(mcs)
        if mcs is None or (ending and rules.FINALIZER not in (mcs["metadata"].get("finalizers") or ())):
            self._withdraw(cast("Key", key))
            return None
        services = self._watched_services()
        if not services.synced:
            return SOON
        if ending:
            self._end(mcs, services)
            return None
        mcs = self._marked(mcs)
        members = [each["metadata"]["name"] for each in self._clusters.list() if not is_deleting(each)]
        clusters = rules.clusters_of(mcs, members)
        service = services.get(name, namespace)
        service = service if service is None or not is_deleting(service) else None
        status = copy(mcs.get("status") or {})
        again = self._dispatch(mcs, service, clusters, status)
        self._bind(mcs, service, clusters, status)
        self._show(mcs, status)
        return again

    def close(self) -> None:
        self._watches.close()

    # -- endpoints

    def _dispatch(self, mcs: Object, service: Object | None, clusters: rules.Clusters, status: Object) -> float | None:
        """Without the host's Service its endpoints go nowhere."""
        key = key_of(mcs)
        providers = clusters.providers if service is not None else frozenset()
        self._watches.keep_only(key, set(providers))
        ports = rules.exposed_ports(mcs, service) if service is not None else None
        slices: dict[str, list[Object]] = {}
        lost: list[str] = []
        for provider in sorted(providers):
            try:
                found = self._watches.slices(provider, *key)
            except ConnectionError as error:
                log.debug("the slices of %s in %s are not known: %s", key, provider, error)
                lost.append(provider)
                found = None
            if found is None:
                slices[provider] = self._last(mcs, provider)
            else:
                slices[provider] = rules.dispatched(mcs, found, provider, ports)
        works = rules.works_of(mcs, slices, clusters.consumers)
        write(self._context.host, self._works, self._works_of(key), works)
        if lost:
            words = f"not known are the EndpointSlices of {', '.join(lost)}: those known last stay"
            self._say(mcs, status, DISPATCHED, "EndpointSliceDispatchedFailed", words)
        elif service is not None:
            words = "EndpointSlice are dispatched successfully"
            self._say(mcs, status, DISPATCHED, "EndpointSliceDispatchedSucceed", words)
        return AGAIN if lost else None

    def _last(self, mcs: Object, provider: str) -> list[Object]:
        """What was given of a provider that does not answer now: others may still reach it."""
        found = {}
        for work in self._works_of(key_of(mcs)):
            if annotations_of(work).get(PROVISION_CLUSTER) == provider:
                for manifest in work["spec"]["workload"]["manifests"]:
                    found[manifest["metadata"]["name"]] = plain(manifest)
        return [found[name] for name in sorted(found)]

    def _works_of(self, key: Key) -> list[Object]:
        return [work for work in self._works.list() if _owner(work) == key]

    # -- the Service

    def _bind(self, mcs: Object, service: Object | None, clusters: rules.Clusters, status: Object) -> None:
        if service is None:
            words = f'services "{mcs["metadata"]["name"]}" not found'
            self._say(mcs, status, APPLIED, "ServiceAppliedFailed", words)
            return
        namespace, name = key_of(service)
        if patch := rules.claim(mcs, service):
            service = self._context.host.patch(SERVICES, name, patch, namespace)
        service = {**service, "apiVersion": "v1", "kind": "Service"}
        wanted = rules.binding_of(mcs, service, clusters)
        present = self._bindings.get(wanted["metadata"]["name"], namespace)
        if present is None:
            try:
                self._context.host.create(RESOURCE_BINDINGS, wanted)
            except AlreadyExists:
                raise ConnectionError("the binding is not in the cache yet") from None
        elif is_deleting(present):
            raise ConnectionError("the former binding is not gone yet")
        elif (changed := rules.updated(present, wanted)) is not None:
            self._context.host.update(RESOURCE_BINDINGS, changed)
        for each in clusters.unknown if self._unknown.get(key_of(mcs)) != clusters.unknown else ():
            self._event(mcs, "Warning", "ClusterNotFound", f"the cluster {each} is not found")
        self._unknown[key_of(mcs)] = clusters.unknown
        self._say(mcs, status, APPLIED, "ServiceAppliedSucceed", "Service is propagated to target clusters.")

    def _marked(self, mcs: Object) -> Object:
        """With its finalizer and its id."""
        metadata, changes = mcs["metadata"], cast("dict[str, Any]", {})
        finalizers = metadata.get("finalizers") or []
        if rules.FINALIZER not in finalizers:
            changes["finalizers"] = [*finalizers, rules.FINALIZER]
        if rules.ID not in labels_of(mcs):
            changes["labels"] = {rules.ID: rules.identity(mcs)}
        return self._patch(mcs, changes) if changes else mcs

    # -- the end

    def _withdraw(self, key: Key) -> None:
        self._unknown.pop(key, None)
        self._watches.keep_only(key, set())
        write(self._context.host, self._works, self._works_of(key), ())

    def _end(self, mcs: Object, services: Cache) -> None:
        """Its endpoints go; the Service stays where it is, as with a policy that goes."""
        namespace, name = key = key_of(mcs)
        self._withdraw(key)
        binding = self._bindings.get(binding_name("Service", name), namespace)
        service = services.get(name, namespace)
        for resource, obj in ((RESOURCE_BINDINGS, binding), (SERVICES, service)):
            if obj is not None and _owner(obj) == key and (patch := rules.release(obj)):
                try:
                    self._context.host.patch(resource, obj["metadata"]["name"], patch, namespace)
                except NotFound:
                    continue
        finalizers = mcs["metadata"].get("finalizers") or []
        self._patch(mcs, {"finalizers": [each for each in finalizers if each != rules.FINALIZER]})

    def _patch(self, mcs: Object, metadata: dict[str, Any]) -> Object:
        namespace, name = key_of(mcs)
        guarded = {"metadata": {**metadata, "resourceVersion": mcs["metadata"]["resourceVersion"]}}
        return self._context.host.patch(MULTI_CLUSTER_SERVICES, name, guarded, namespace)

    # -- what is said

    def _say(self, mcs: Object, status: Object, kind: str, reason: str, words: str) -> None:
        good = reason.endswith("Succeed")
        before = get_condition(status, kind) or {}
        now = now_text(self._context.clock())
        set_condition(status, kind, "True" if good else "False", now=now, reason=reason, message=words)
        if before.get("reason") != reason or before.get("message") != words:
            event = {APPLIED: "SyncService", DISPATCHED: "DispatchEndpointSlice"}[kind]
            self._event(mcs, "Normal" if good else "Warning", f"{event}{'Succeed' if good else 'Failed'}", words)

    def _event(self, mcs: Object, kind: str, reason: str, words: str) -> None:
        self._context.recorder.event(mcs, kind, reason, words)

    def _show(self, mcs: Object, status: Object) -> None:
        if status != (mcs.get("status") or {}):
            namespace, name = key_of(mcs)
            try:
                change = {"status": status}
                self._context.host.patch(MULTI_CLUSTER_SERVICES, name, change, namespace, subresource="status")
            except NotFound:
                return

    # -- what changes

    def _watched_services(self) -> Cache:
        if self._services is None:
            self._services = self._context.caches.of(SERVICES)
            self._services.on_change(self._service_changed)
        return self._services

    def _changed(self, old: Object | None, new: Object | None) -> None:
        if old is None or new is None or _matters(old) != _matters(new):
            self._enqueue(key_of(new or old or {}))

    def _service_changed(self, old: Object | None, new: Object | None) -> None:
        key = key_of(new or old or {})
        if self._mcs.get(key[1], key[0]) is not None:
            self._enqueue(key)

    def _work_changed(self, old: Object | None, new: Object | None) -> None:
        """One that another client has changed or deleted."""
        owner = _owner(new or old or {})
        generations = [each["metadata"].get("generation") for each in (old, new) if each is not None]
        if owner and (len(generations) < 2 or generations[0] != generations[1]):
            self._enqueue(owner)

    def _cluster_changed(self, old: Object | None, new: Object | None) -> None:
        if old is None or new is None or is_deleting(old) != is_deleting(new):
            for mcs in self._mcs.list():
                self._enqueue(key_of(mcs))


def _owner(obj: Object) -> Key | None:
    """The MultiClusterService that a Work, a Service or a binding is of."""
    found = labels_of(obj) if cluster_of(obj.get("metadata", {}).get("namespace", "")) else annotations_of(obj)
    return (found[rules.NAMESPACE], found[rules.NAME]) if found.get(rules.NAME) and found.get(rules.NAMESPACE) else None


def _matters(mcs: Object) -> object:
    metadata = mcs["metadata"]
    return metadata.get("uid"), metadata.get("generation"), metadata.get("deletionTimestamp"), labels_of(mcs)
