"""Services across clusters: what members export is collected, and given to the clusters that import it."""

from __future__ import annotations

import logging
from collections.abc import Hashable
from typing import cast

from sampan.contracts.kinds import Object, Resource
from sampan.errors import NotFound
from sampan_federation.controllers import Context, Enqueue
from sampan_federation.interpreter.kinds import SERVICE_IMPORT, KindName, kind_of
from sampan_federation.resources import SERVICE_EXPORTS, SERVICE_IMPORTS, WORKS
from sampan_federation.services.exporting import imported
from sampan_federation.services.importing import OF_IMPORT, works_of_import
from sampan_federation.services.watches import ServiceKey, SliceWatches
from sampan_federation.works.made import label_value, labelled, plain, write
from sampan_federation.works.names import cluster_of
from sampan_machinery.metadata import condition_is, copy, is_deleting, key_of, labels_of, now_text, set_condition

log = logging.getLogger(__name__)

SERVICE_EXPORT = KindName(SERVICE_EXPORTS.api_version, SERVICE_EXPORTS.kind)
AGAIN = 5.0  # seconds until a member that cannot be connected to is tried again


class Services:
    """Satisfies ``Controller``. Keys: (namespace, name) of a Service that is exported or imported."""

    name = "services"
    workers = 1

    def __init__(self, context: Context) -> None:
        self._context = context
        caches = context.caches
        self._works = caches.of(WORKS)
        self._imports = caches.of(SERVICE_IMPORTS)
        self._exports = caches.of(SERVICE_EXPORTS)
        self._places: dict[tuple[KindName, ServiceKey], set[str]] = {}
        self._watches = SliceWatches(lambda cluster: context.members.client(cluster), lambda key: self._enqueue(key))
        self._enqueue: Enqueue = lambda key: None

    def start(self, enqueue: Enqueue) -> None:
        self._enqueue = enqueue
        self._works.on_change(self._work_changed)
        for cache in (self._imports, self._exports):
            cache.on_change(self._changed)

    def handle(self, key: Hashable) -> float | None:
        namespace, name = service = cast(ServiceKey, key)
        exporting = set(self._places.get((SERVICE_EXPORT, service), ()))
        importing = set(self._places.get((SERVICE_IMPORT, service), ()))
        self._watches.keep_only(service, exporting if importing else set())
        service_import = self._imports.get(name, namespace)
        if service_import is None or is_deleting(service_import):
            importing, exporting = set(), set()
        exported: dict[str, list[Object]] = {}
        again: float | None = None
        for cluster in sorted(exporting) if importing else ():
            try:
                slices = self._watches.slices(cluster, namespace, name)
            except ConnectionError as error:
                log.debug("the slices of %s/%s in %s are not known: %s", namespace, name, cluster, error)
                slices, again = None, AGAIN
            if slices is None:
                exported[cluster] = self._last_known(service, cluster)
            else:
                exported[cluster] = imported(slices, cluster, name, namespace)
        works = works_of_import(service_import, importing, exported) if service_import and importing else []
        write(self._context.host, self._works, self._of_import(service), works)
        if service_import is not None:
            self._show_import(service_import, {cluster for cluster in exported if exported[cluster]})
        self._show_export(service, exporting)
        return again

    def close(self) -> None:
        self._watches.close()

    def _last_known(self, service: ServiceKey, cluster: str) -> list[Object]:
        """The slices of a cluster that does not answer now: they stay, for other clusters may still reach it."""
        found = {}
        for work in self._of_import(service):
            for manifest in _manifests(work):
                if (manifest["metadata"].get("annotations") or {}).get(
                    "endpointslice.karmada.io/provision-cluster"
                ) == cluster:
                    found[manifest["metadata"]["name"]] = plain(manifest)
        return [found[name] for name in sorted(found)]

    def _of_import(self, service: ServiceKey) -> list[Object]:
        return labelled(self._works, OF_IMPORT, label_value(*service))

    def _show_import(self, service_import: Object, clusters: set[str]) -> None:
        status = {**(service_import.get("status") or {}), "clusters": [{"cluster": each} for each in sorted(clusters)]}
        self._update_status(SERVICE_IMPORTS, service_import, status)

    def _show_export(self, service: ServiceKey, clusters: set[str]) -> None:
        export = self._exports.get(service[1], service[0])
        if export is None or is_deleting(export):
            return
        status = copy(export.get("status") or {})
        now = now_text(self._context.clock())
        if clusters:
            message = f"exported by {', '.join(sorted(clusters))}"
            set_condition(status, "Valid", "True", now=now, reason="Valid", message=message)
        elif condition_is(status, "Valid"):
            message = "no cluster exports it"
            set_condition(status, "Valid", "False", now=now, reason="NoCluster", message=message)
        self._update_status(SERVICE_EXPORTS, export, status)

    def _update_status(self, resource: Resource, obj: Object, status: Object) -> None:
        if status == (obj.get("status") or {}):
            return
        try:
            self._context.host.update(resource, {**obj, "status": status}, subresource="status")
        except NotFound:
            return

    # -- what changes

    def _changed(self, old: Object | None, new: Object | None) -> None:
        self._enqueue(key_of(new or old or {}))

    def _work_changed(self, old: Object | None, new: Object | None) -> None:
        for work, present in ((old, False), (new, True)):
            for manifest in _manifests(work):
                kind = kind_of(manifest)
                if kind in (SERVICE_EXPORT, SERVICE_IMPORT):
                    self._place(kind, manifest, work or {}, present=present and not is_deleting(work or {}))
            label = labels_of(work or {}).get(OF_IMPORT)
            if label and (old is None or new is None):
                for service in {key for _, key in list(self._places)}:
                    if label_value(*service) == label:
                        self._enqueue(service)

    def _place(self, kind: KindName, manifest: Object, work: Object, *, present: bool) -> None:
        service = key_of(manifest)
        cluster = cluster_of(work["metadata"]["namespace"])
        clusters = self._places.get((kind, service), set())
        changed = clusters | {cluster} if present else clusters - {cluster}
        if changed:
            self._places[kind, service] = changed
        else:
            self._places.pop((kind, service), None)
        self._enqueue(service)


def _manifests(work: Object | None) -> list[Object]:
    return list((((work or {}).get("spec") or {}).get("workload") or {}).get("manifests") or ())
