"""Keeps an Ingress of the host for each MultiClusterIngress, with Services and EndpointSlices of its backends."""

from __future__ import annotations

import logging
from collections.abc import Hashable, Iterable, Mapping, Sequence

from sampan.contracts.kinds import Object, Resource
from sampan.errors import AlreadyExists, Invalid, NotFound
from sampan_federation.caches import Cache
from sampan_federation.controllers import Context, Enqueue
from sampan_federation.names import binding_name
from sampan_federation.resources import MULTI_CLUSTER_INGRESSES, RESOURCE_BINDINGS
from sampan_federation.services import ingress as rules
from sampan_federation.services.watches import ServiceKey, SliceWatches
from sampan_machinery.metadata import is_deleting, key_of
from sampan_machinery.resources import ENDPOINT_SLICES, INGRESSES, SERVICES

log = logging.getLogger(__name__)

AGAIN = 5.0  # seconds until a member that cannot be connected to is tried again
SOON = 0.5  # seconds until the host's Services and Ingresses are known


class MultiClusterIngresses:
    """Satisfies ``Controller``. Keys: namespaces, as Ingresses of one share their backends."""

    name = "multicluster-ingresses"
    workers = 1

    def __init__(self, context: Context) -> None:
        self._context = context
        caches = context.caches
        self._ingresses, self._bindings = caches.of(MULTI_CLUSTER_INGRESSES), caches.of(RESOURCE_BINDINGS)
        self._watched: dict[Resource, Cache] = {}  # of the host, from the first MultiClusterIngress on
        self._watches = SliceWatches(
            lambda cluster: context.members.client(cluster), lambda service: self._enqueue(service[0])
        )
        self._followed: set[ServiceKey] = set()
        self._enqueue: Enqueue = lambda key: None

    def start(self, enqueue: Enqueue) -> None:
        self._enqueue = enqueue
        self._ingresses.on_change(self._changed)
        self._bindings.on_change(self._binding_changed)

    def handle(self, key: Hashable) -> float | None:
        namespace = str(key)
        ingresses = rules.alive(self._ingresses.list(namespace))
        if not ingresses and not self._watched:
            return None
        if not all(self._cache(resource).synced for resource in (SERVICES, INGRESSES)):
            return SOON
        names = sorted({name for each in ingresses for name in rules.backends_of(each)})
        placed = {name: self._placed(name, namespace) for name in names}
        again = self._backends(namespace, names, ingresses, placed)
        there = [name for name in names if self._template(name, namespace) is not None]
        wanted = [rules.ingress_for(each, there) for each in ingresses]
        self._write(INGRESSES, [each for each in self._cache(INGRESSES).list(namespace) if rules.is_made(each)], wanted)
        for each in ingresses:
            self._show(each, rules.locations(rules.backends_of(each), placed))
        return again

    def close(self) -> None:
        self._watches.close()

    def _backends(
        self, namespace: str, names: Sequence[str], ingresses: Sequence[Object], placed: Mapping[str, Sequence[str]]
    ) -> float | None:  # fmt: skip
        """Services and slices on the host; slices of a member that does not answer stay as they are."""
        services, slices = [], []
        listed = self._context.host.list(ENDPOINT_SLICES, namespace, labels=rules.MADE).items
        present = [each for each in listed if rules.is_made(each)]
        again: float | None = None
        sources = rules.sources(names, ingresses, placed)
        for gone in {each for each in self._followed if each[0] == namespace and each[1] not in sources}:
            self._watches.keep_only(gone, set())
            self._followed.discard(gone)
        for name, clusters in sources.items():
            template = self._template(name, namespace)
            if template is None:
                clusters = []
            self._followed.add((namespace, name))
            self._watches.keep_only((namespace, name), set(clusters))
            found: dict[str, list[Object]] = {}
            for cluster in clusters:
                try:
                    known = self._watches.slices(cluster, namespace, name)
                except ConnectionError as error:
                    log.debug("the slices of %s/%s in %s are not known: %s", namespace, name, cluster, error)
                    known, again = None, AGAIN
                if known is None:
                    slices += [each for each in present if rules.is_of(each, name, cluster)]
                else:
                    found[cluster] = known
            if template is not None:
                owners = [each for each in ingresses if name in rules.backends_of(each)]
                services.append(rules.service_for(template, owners))
                slices += rules.slices_for(template, found, owners)
        made = [each for each in self._cache(SERVICES).list(namespace) if rules.is_made(each)]
        self._write(SERVICES, made, services)
        self._write(ENDPOINT_SLICES, present, slices)
        return again

    def _placed(self, name: str, namespace: str) -> list[str]:
        binding = self._bindings.get(binding_name("Service", name), namespace)
        return [each["name"] for each in ((binding or {}).get("spec") or {}).get("clusters") or ()]

    def _template(self, name: str, namespace: str) -> Object | None:
        found = self._cache(SERVICES).get(name, namespace)
        return None if found is None or is_deleting(found) else found

    def _write(self, resource: Resource, present: Iterable[Object], wanted: Iterable[Object]) -> None:
        """What others have made under a name that is wanted stays, and an Event says so."""
        by_name = {each["metadata"]["name"]: each for each in wanted}
        for each in present:
            metadata = each["metadata"]
            known = by_name.pop(metadata["name"], None)
            if known is None:
                self._delete(resource, each)
            elif not is_deleting(each) and (changed := rules.changed(each, known)) is not None:
                try:
                    self._context.host.update(resource, changed)
                except Invalid as error:
                    self._refuse(known, error.message)
        for each in by_name.values():
            try:
                self._context.host.create(resource, each)
            except AlreadyExists:
                what = f"{resource.plural}/{each['metadata']['name']}"
                self._refuse(each, f"{what} is there and not of this federation; delete or rename it")
            except Invalid as error:
                self._refuse(each, error.message)

    def _delete(self, resource: Resource, obj: Object) -> None:
        metadata = obj["metadata"]
        if is_deleting(obj):
            return
        try:
            self._context.host.delete(resource, metadata["name"], metadata["namespace"], uid=metadata["uid"])
        except NotFound:
            return

    def _refuse(self, wanted: Object, words: str) -> None:
        metadata = wanted["metadata"]
        owner = self._ingresses.get(metadata["ownerReferences"][0]["name"], metadata["namespace"])
        if owner is not None:
            self._context.recorder.event(owner, "Warning", "SyncIngressFailed", words)

    def _show(self, mci: Object, locations: list[Object]) -> None:
        namespace, name = key_of(mci)
        made = self._cache(INGRESSES).get(name, namespace)
        status = {name: value for name, value in (mci.get("status") or {}).items() if name != "serviceLocations"}
        if locations:
            status["serviceLocations"] = locations
        if made is not None and rules.is_made(made) and (made.get("status") or {}).get("loadBalancer") is not None:
            status["loadBalancer"] = made["status"]["loadBalancer"]
        if status == (mci.get("status") or {}):
            return
        change = {"metadata": {"resourceVersion": mci["metadata"]["resourceVersion"]}, "status": status}
        try:
            self._context.host.patch(MULTI_CLUSTER_INGRESSES, name, change, namespace, subresource="status")
        except NotFound:
            return

    # -- what changes

    def _cache(self, resource: Resource) -> Cache:
        if resource not in self._watched:
            cache = self._watched[resource] = self._context.caches.of(resource)
            cache.on_change(self._host_changed)
        return self._watched[resource]

    def _changed(self, old: Object | None, new: Object | None) -> None:
        self._enqueue(key_of(new or old or {})[0])

    def _binding_changed(self, old: Object | None, new: Object | None) -> None:
        """Where a backend is placed."""
        spec, before = ((each or {}).get("spec") or {} for each in (new or old, old if new else None))
        namespace = key_of(new or old or {})[0]
        moved = spec.get("clusters") != before.get("clusters")
        if moved and (spec.get("resource") or {}).get("kind") == "Service" and self._ingresses.list(namespace):
            self._enqueue(namespace)

    def _host_changed(self, old: Object | None, new: Object | None) -> None:
        namespace = key_of(new or old or {})[0]
        if self._ingresses.list(namespace):
            self._enqueue(namespace)
