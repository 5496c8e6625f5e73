"""Writes the taints of clusters: of those that are not ready, and by ClusterTaintPolicies."""

from __future__ import annotations

from collections.abc import Hashable

from sampan.contracts.kinds import Object
from sampan_federation.controllers import Context, Enqueue
from sampan_federation.failover.taint_policies import by_policies
from sampan_federation.failover.taints import taints_for
from sampan_federation.resources import CLUSTER_TAINT_POLICIES, CLUSTERS
from sampan_machinery.metadata import is_deleting


class Tainting:
    """Satisfies ``Controller``. Keys: names of clusters."""

    name = "taints"
    workers = 1

    def __init__(self, context: Context) -> None:
        self._context = context
        self._clusters = context.caches.of(CLUSTERS)
        self._policies = context.caches.of(CLUSTER_TAINT_POLICIES)
        self._enqueue: Enqueue = lambda key: None

    def start(self, enqueue: Enqueue) -> None:
        self._enqueue = enqueue
        self._clusters.on_change(self._changed)
        self._policies.on_change(self._policy_changed)

    def handle(self, key: Hashable) -> float | None:
        cluster = self._clusters.get(str(key))
        if cluster is None or is_deleting(cluster):
            return None
        settings, now = self._context.settings, self._context.clock()
        wanted = taints_for(cluster, now, failover=settings.failover, eviction_seconds=settings.eviction_seconds)
        taints = by_policies(cluster, wanted.taints, self._policies.list(), now)
        if taints != ((cluster.get("spec") or {}).get("taints") or []):
            guard = {"resourceVersion": cluster["metadata"]["resourceVersion"]}
            patch = {"metadata": guard, "spec": {"taints": taints}}
            self._context.host.patch(CLUSTERS, str(key), patch)
        return wanted.again

    def close(self) -> None:
        return None

    def _policy_changed(self, old: Object | None, new: Object | None) -> None:
        """What a policy that goes has added stays."""
        for cluster in self._clusters.list() if new is not None else ():
            self._enqueue(cluster["metadata"]["name"])

    def _changed(self, old: Object | None, new: Object | None) -> None:
        if new is not None:
            self._enqueue(new["metadata"]["name"])
