"""Gives each cluster its part of a FederatedResourceQuota, and shows what is used of it."""

from __future__ import annotations

from collections.abc import Hashable
from typing import cast

from sampan.contracts.kinds import Object
from sampan.errors import NotFound
from sampan_federation.controllers import Context, Enqueue
from sampan_federation.quotas.enforcing import overall_used, summed, used_by
from sampan_federation.quotas.quota import resource_quotas, status_of
from sampan_federation.resources import CLUSTERS, FEDERATED_RESOURCE_QUOTAS, RESOURCE_BINDINGS, WORKS
from sampan_federation.works.made import label_value, labelled, work_of, write
from sampan_machinery.metadata import is_deleting, key_of, labels_of

OF_QUOTA = "federation.sampan.dev/resource-quota"  # label of Works: NAMESPACE.NAME


class Quotas:
    """Satisfies ``Controller``. Keys: (namespace, name) of a FederatedResourceQuota (also of one that is gone)."""

    name = "quotas"
    workers = 1

    def __init__(self, context: Context) -> None:
        self._context = context
        caches = context.caches
        self._works, self._clusters = caches.of(WORKS), caches.of(CLUSTERS)
        self._quotas = caches.of(FEDERATED_RESOURCE_QUOTAS)
        self._bindings = caches.of(RESOURCE_BINDINGS)
        self._enqueue: Enqueue = lambda key: None

    def start(self, enqueue: Enqueue) -> None:
        self._enqueue = enqueue
        self._quotas.on_change(lambda old, new: enqueue(key_of(new or old or {})))
        self._works.on_change(self._work_changed)
        self._clusters.on_change(self._cluster_changed)
        self._bindings.on_change(self._binding_changed)

    def handle(self, key: Hashable) -> float | None:
        namespace, name = cast(tuple[str, str], key)
        quota = self._quotas.get(name, namespace)
        value = label_value(namespace, name)
        present = labelled(self._works, OF_QUOTA, value)
        if quota is None or is_deleting(quota):
            write(self._context.host, self._works, present, ())
            return None
        wanted = [
            work_of(manifest, cluster, OF_QUOTA, value)
            for cluster, manifest in resource_quotas(quota).items()
            if self._clusters.get(cluster) is not None
        ]
        write(self._context.host, self._works, present, wanted)
        status = status_of(quota, present)
        if not (quota.get("spec") or {}).get("staticAssignments"):
            used = summed(used_by(binding) for binding in self._bindings.list(namespace))
            status["overallUsed"] = overall_used(quota, used)
        if status != quota.get("status"):
            try:
                changed = {**quota, "status": status}
                self._context.host.update(FEDERATED_RESOURCE_QUOTAS, changed, subresource="status")
            except NotFound:
                return None
        return None

    def close(self) -> None:
        return None

    def _work_changed(self, old: Object | None, new: Object | None) -> None:
        value = labels_of(new or old or {}).get(OF_QUOTA)
        if not value:
            return
        for manifest in ((new or old or {}).get("spec") or {}).get("workload", {}).get("manifests") or ():
            self._enqueue((manifest["metadata"].get("namespace", ""), manifest["metadata"]["name"]))

    def _binding_changed(self, old: Object | None, new: Object | None) -> None:
        quotas = self._quotas.list(key_of(new or old or {})[0])
        if quotas and used_by(old or {}) != used_by(new or {}):
            for quota in quotas:
                self._enqueue(key_of(quota))

    def _cluster_changed(self, old: Object | None, new: Object | None) -> None:
        if old is None or new is None:
            for quota in self._quotas.list():
                self._enqueue(key_of(quota))
