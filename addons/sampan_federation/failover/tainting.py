"""Writes the taints of clusters that are not ready."""

from __future__ import annotations

from collections.abc import Hashable

from sampan.contracts.kinds import Object
from sampan_federation.controllers import Context, Enqueue
from sampan_federation.failover.taints import taints_for
from sampan_federation.resources import CLUSTERS
from sampan_machinery.metadata import is_deleting


class Tainting:
    """Satisfies ``Controller``. Keys: names of clusters."""

    name = "taints"
    workers = 1

    def __init__(self, context: Context) -> None:
        self._context = context
        self._clusters = context.caches.of(CLUSTERS)
        self._enqueue: Enqueue = lambda key: None

    def start(self, enqueue: Enqueue) -> None:
        self._enqueue = enqueue
        self._clusters.on_change(self._changed)

    def handle(self, key: Hashable) -> float | None:
        cluster = self._clusters.get(str(key))
        if cluster is None or is_deleting(cluster):
            return None
        settings = self._context.settings
        wanted = taints_for(
            cluster, self._context.clock(), failover=settings.failover, eviction_seconds=settings.eviction_seconds
        )
        if wanted.taints != ((cluster.get("spec") or {}).get("taints") or []):
            guard = {"resourceVersion": cluster["metadata"]["resourceVersion"]}
            patch = {"metadata": guard, "spec": {"taints": wanted.taints}}
            self._context.host.patch(CLUSTERS, str(key), patch)
        return wanted.again

    def close(self) -> None:
        return None

    def _changed(self, old: Object | None, new: Object | None) -> None:
        if new is not None:
            self._enqueue(new["metadata"]["name"])
