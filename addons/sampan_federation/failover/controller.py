"""Evicts workloads from clusters that they have to leave, and ends the tasks that are over."""

from __future__ import annotations

from collections.abc import Hashable
from typing import cast

from sampan.contracts.kinds import Object
from sampan_federation.controllers import Context, Enqueue
from sampan_federation.failover.applications import Sick
from sampan_federation.failover.evictions import Change, evict, finish, leaving
from sampan_federation.placement.clusters import candidate_of
from sampan_federation.placement.controller import KINDS, Candidates, Key, is_placed_here, targets_of
from sampan_federation.placement.grouping import NO_PEERS, Peers, peers_of
from sampan_federation.resources import CLUSTERS
from sampan_machinery.metadata import key_of


class Evicting:
    """Satisfies ``Controller``. Keys: (kind, namespace, name) of bindings."""

    name = "failover"
    workers = 1

    def __init__(self, context: Context) -> None:
        self._context = context
        self._caches = {kind: context.caches.of(resource) for kind, resource in KINDS.items()}
        self._candidates = Candidates(context)
        self._sick = Sick()
        self._said: dict[Hashable, str] = {}
        self._enqueue: Enqueue = lambda key: None

    def start(self, enqueue: Enqueue) -> None:
        self._enqueue = enqueue
        for kind, cache in self._caches.items():
            cache.on_change(lambda old, new, kind=kind: self._changed(kind, new or old))  # type: ignore[misc]
        self._context.caches.of(CLUSTERS).on_change(self._cluster_changed)

    def handle(self, key: Hashable) -> float | None:
        kind, namespace, name = cast("Key", key)
        binding = self._caches[kind].get(name, namespace)
        if binding is None or not is_placed_here(binding):
            self._sick.forget(key)
            self._said.pop(key, None)
            return None
        clusters, now = self._candidates.list(), self._context.clock()
        peers = self._peers(binding)
        change = finish(binding, clusters, now, peers)
        again = None
        if not change.spec:
            tainted, first = leaving(binding, clusters, now)
            sick, second = self._sick.leaving(key, binding, now)
            going = [*tainted, *(each for each in sick if each.cluster not in {other.cluster for other in tainted})]
            again = min((each for each in (first, second) if each is not None), default=None)
            change = evict(binding, going, clusters, now, peers) if going else Change({})
        self._write(key, binding, change)
        return again

    def close(self) -> None:
        return None

    def _peers(self, binding: Object) -> Peers:
        if not (binding.get("spec") or {}).get("workloadAffinityGroups"):
            return NO_PEERS
        others = self._caches["ResourceBinding"].list(key_of(binding)[0])
        return peers_of(binding, ((each, targets_of(each)) for each in others))

    def _write(self, key: Hashable, binding: Object, change: Change) -> None:
        kind, namespace, name = cast("Key", key)
        if change.spec:
            guard = {"resourceVersion": binding["metadata"]["resourceVersion"]}
            self._context.host.patch(KINDS[kind], name, {"metadata": guard, "spec": change.spec}, namespace)
        if change.words and self._said.get(key) != change.words:
            kind_of_event = "Normal" if change.spec else "Warning"
            reason = "EvictWorkloadFromCluster" if change.spec else "EvictWorkloadNotPossible"
            self._context.recorder.event(binding, kind_of_event, reason, change.words)
        self._said[key] = change.words

    def _changed(self, kind: str, binding: Object | None) -> None:
        if binding is not None:
            self._enqueue((kind, *key_of(binding)))

    def _cluster_changed(self, old: Object | None, new: Object | None) -> None:
        """Taints matter, and that a cluster is gone. Room matters to those that cannot leave for want of it."""
        taints = [candidate_of(each).taints if each else None for each in (old, new)]
        for kind, cache in self._caches.items():
            for binding in cache.list():
                key = (kind, *key_of(binding))
                if taints[0] != taints[1] or self._said.get(key, "").startswith("it stays"):
                    self._enqueue(key)
