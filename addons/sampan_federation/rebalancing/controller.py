"""Has the workloads of a WorkloadRebalancer placed anew, and deletes the rebalancer after its time."""

from __future__ import annotations

from collections.abc import Hashable

from sampan.contracts.kinds import Object
from sampan.errors import NotFound
from sampan_federation.controllers import Context, Enqueue
from sampan_federation.rebalancing.observing import (
    FAILED,
    NOT_FOUND,
    SUCCESSFUL,
    Workload,
    finished,
    is_newer,
    observed,
)
from sampan_federation.resources import CLUSTER_RESOURCE_BINDINGS, RESOURCE_BINDINGS, WORKLOAD_REBALANCERS
from sampan_machinery.metadata import is_deleting, now_text, parse_time


class Rebalancing:
    """Satisfies ``Controller``. Keys: names of WorkloadRebalancers."""

    name = "rebalancing"
    workers = 1

    def __init__(self, context: Context) -> None:
        self._context = context
        self._rebalancers = context.caches.of(WORKLOAD_REBALANCERS)
        self._enqueue: Enqueue = lambda key: None

    def start(self, enqueue: Enqueue) -> None:
        self._enqueue = enqueue
        self._rebalancers.on_change(self._changed)

    def handle(self, key: Hashable) -> float | None:
        rebalancer = self._rebalancers.get(str(key))
        if rebalancer is None or is_deleting(rebalancer):
            return None
        before = rebalancer.get("status") or {}
        entries = observed(rebalancer["spec"], before)
        for workload, entry in entries.items():
            if not entry.get("result"):
                entry.update(self._rebalance(rebalancer, workload))
        status = {**before, "observedGeneration": rebalancer["metadata"].get("generation", 0)}
        status["observedWorkloads"] = list(entries.values())
        if status != before and finished(status["observedWorkloads"]):
            status["finishTime"] = now_text(self._context.clock())
        if status != before:
            change = {"metadata": {"resourceVersion": rebalancer["metadata"]["resourceVersion"]}, "status": status}
            try:
                rebalancer = self._context.host.patch(WORKLOAD_REBALANCERS, str(key), change, subresource="status")
            except NotFound:
                return None
        return self._expire(rebalancer)

    def close(self) -> None:
        return None

    def _rebalance(self, rebalancer: Object, workload: Workload) -> dict[str, str]:
        """The result. Raises Conflict and what else is to be tried again."""
        resource = RESOURCE_BINDINGS if workload.namespace else CLUSTER_RESOURCE_BINDINGS
        host = self._context.host
        try:
            binding = host.get(resource, workload.binding, workload.namespace)
            if is_newer(rebalancer, binding):
                change = {"spec": {"rescheduleTriggeredAt": rebalancer["metadata"]["creationTimestamp"]}}
                host.patch(resource, workload.binding, change, workload.namespace)
        except NotFound:
            return {"result": FAILED, "reason": NOT_FOUND}
        return {"result": SUCCESSFUL}

    def _expire(self, rebalancer: Object) -> float | None:
        lifetime = rebalancer["spec"].get("ttlSecondsAfterFinished")
        ended = (rebalancer.get("status") or {}).get("finishTime")
        if lifetime is None or not ended:
            return None
        left = parse_time(ended) + float(lifetime) - self._context.clock()
        if left > 0:
            return left
        metadata = rebalancer["metadata"]
        try:
            self._context.host.delete(WORKLOAD_REBALANCERS, metadata["name"], uid=metadata["uid"])
        except NotFound:
            return None
        return None

    def _changed(self, old: Object | None, new: Object | None) -> None:
        if new is not None and (old is None or old.get("spec") != new.get("spec")):
            self._enqueue(new["metadata"]["name"])
