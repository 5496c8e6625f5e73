"""Places bindings: reads clusters, decides, and writes ``spec.clusters`` and the condition Scheduled."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Mapping
from typing import Any, cast

from sampan.contracts.kinds import Object, Resource
from sampan_federation.controllers import Context, Enqueue
from sampan_federation.placement.clusters import Candidate, candidate_of
from sampan_federation.placement.deciding import Decision, ask_of, decide
from sampan_federation.placement.grouping import NO_PEERS, Peers, are_peers, peers_of
from sampan_federation.quotas.enforcing import exceeded, summed, used_by
from sampan_federation.resources import (
    CLUSTER_RESOURCE_BINDINGS,
    CLUSTERS,
    FEDERATED_RESOURCE_QUOTAS,
    RESOURCE_BINDINGS,
)
from sampan_machinery.metadata import condition_is, get_condition, is_deleting, key_of, now_text, set_condition

Key = tuple[str, str, str]  # kind, namespace, name

#: Those of the federation's own scheduler: what policies have by default.
OURS = ("", "default-scheduler")
KINDS = {"ResourceBinding": RESOURCE_BINDINGS, "ClusterResourceBinding": CLUSTER_RESOURCE_BINDINGS}


#: Reason of the condition Scheduled, as Karmada has it.
QUOTA_EXCEEDED = "QuotaExceeded"


class Candidates:
    """The members as placement sees them; each is read once for each of its states."""

    def __init__(self, context: Context) -> None:
        self._clusters = context.caches.of(CLUSTERS)
        self._known: dict[str, tuple[str, Candidate]] = {}

    def list(self) -> list[Candidate]:
        found = [self._of(cluster) for cluster in self._clusters.list()]
        return sorted(found, key=lambda each: each.name)

    def _of(self, cluster: Object) -> Candidate:
        name, revision = cluster["metadata"]["name"], str(cluster["metadata"].get("resourceVersion"))
        known = self._known.get(name)
        if known is None or known[0] != revision:
            known = self._known[name] = (revision, candidate_of(cluster))
        return known[1]


class Placing:
    """Satisfies ``Controller``. Keys: (kind, namespace, name)."""

    name = "placement"
    workers = 1  # decisions are a matter of milliseconds, and each sees those before it

    def __init__(self, context: Context) -> None:
        self._context = context
        self._caches = {kind: context.caches.of(resource) for kind, resource in KINDS.items()}
        self._candidates = Candidates(context)
        self._quotas = context.caches.of(FEDERATED_RESOURCE_QUOTAS)
        #: What was written last of each binding, and over which revision: the cache may not show it yet.
        self._written: dict[Key, tuple[str, list[dict[str, Any]]]] = {}
        self._enqueue: Enqueue = lambda key: None

    def start(self, enqueue: Enqueue) -> None:
        self._enqueue = enqueue
        for kind, cache in self._caches.items():
            cache.on_change(lambda old, new, kind=kind: self._changed(kind, old, new))  # type: ignore[misc]
        self._context.caches.of(CLUSTERS).on_change(self._cluster_changed)
        self._quotas.on_change(lambda old, new: self._look_again(key_of(new or old or {})[0]))

    def handle(self, key: Hashable) -> float | None:
        kind, namespace, name = cast("Key", key)
        binding = self._caches[kind].get(name, namespace)
        if binding is not None and is_placed_here(binding):
            decided = decide(ask_of(binding, self._peers(binding)), self._candidates.list())
            decision = self._within_quotas(binding, decided)
            self._written[cast("Key", key)] = (_revision(binding), [each.to_json() for each in decision.targets])
            write(self._context, KINDS[kind], binding, decision)
        else:
            self._written.pop(cast("Key", key), None)
        return None

    def close(self) -> None:
        return None

    def _within_quotas(self, binding: Object, decision: Decision) -> Decision:
        """The decision, or that it would exceed a quota of the namespace: then the workload stays as it is."""
        namespace, name = key_of(binding)
        quotas = self._quotas.list(namespace) if namespace and decision.scheduled else []
        if not quotas:
            return decision
        others = [each for each in self._caches["ResourceBinding"].list(namespace) if key_of(each)[1] != name]
        words = exceeded(
            quotas, summed(used_by(each, self._placed(each)) for each in others), used_by(binding),
            used_by(binding, [each.to_json() for each in decision.targets]),
        )  # fmt: skip
        return Decision(QUOTA_EXCEEDED, words, verdicts=decision.verdicts) if words else decision

    def _peers(self, binding: Object) -> Peers:
        if not (binding.get("spec") or {}).get("workloadAffinityGroups"):
            return NO_PEERS
        others = self._caches["ResourceBinding"].list(key_of(binding)[0])
        return peers_of(binding, ((each, self._placed(each) or targets_of(each)) for each in others))

    def _placed(self, binding: Object) -> list[dict[str, Any]] | None:
        """Where it is by this controller's own last write, if the cache does not show that yet."""
        revision, clusters = self._written.get(("ResourceBinding", *key_of(binding)), ("", []))
        return clusters if clusters and revision == _revision(binding) else None

    def _changed(self, kind: str, old: Object | None, new: Object | None) -> None:
        binding = new or old
        assert binding is not None
        self._enqueue((kind, *key_of(binding)))
        namespace = key_of(binding)[0]
        limited = namespace and old is not None and self._quotas.list(namespace)
        if limited and used_by(old or {}) != used_by(new or {}):
            self._look_again(namespace)
        if old is not None and (new is None or targets_of(old) != targets_of(new)):
            self._look_at_peers(old)

    def _look_at_peers(self, binding: Object) -> None:
        """At those that could not be placed for where this one was."""
        for each in self._caches["ResourceBinding"].list(key_of(binding)[0]) if key_of(binding)[0] else ():
            if are_peers(each, binding) and not condition_is(each.get("status"), "Scheduled"):
                self._enqueue(("ResourceBinding", *key_of(each)))

    def _look_again(self, namespace: str) -> None:
        """At what a quota has kept from being placed, or would."""
        for binding in self._caches["ResourceBinding"].list(namespace):
            if (get_condition(binding.get("status"), "Scheduled") or {}).get("reason") == QUOTA_EXCEEDED:
                self._enqueue(("ResourceBinding", *key_of(binding)))

    def _cluster_changed(self, old: Object | None, new: Object | None) -> None:
        everything = old is None or new is None or _without_room(old) != _without_room(new)
        for kind, cache in self._caches.items():
            for binding in cache.list():
                if everything or not condition_is(binding.get("status"), "Scheduled"):
                    self._enqueue((kind, *key_of(binding)))


def targets_of(binding: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Where it is placed."""
    return (binding.get("spec") or {}).get("clusters") or []


def _revision(binding: Object) -> str:
    return str(binding["metadata"].get("resourceVersion"))


def _without_room(cluster: Object) -> Candidate:
    """What matters to workloads that are placed already."""
    return dataclasses.replace(candidate_of(cluster), summary={})


def is_placed_here(binding: Mapping[str, Any]) -> bool:
    """Not deleted, not suspended, not another scheduler's, and not only a dependency of other bindings (that is where
    they are)."""
    spec = binding.get("spec") or {}
    return (
        not is_deleting(binding)
        and spec.get("placement") is not None
        and (spec.get("schedulerName") or "") in OURS
        and not (spec.get("suspension") or {}).get("scheduling")
    )


def write(context: Context, resource: Resource, binding: Object, decision: Decision) -> None:
    """What was decided. Where nothing fits, the workload stays where it is: only the condition says so.

    (karmada#7455)
    """
    namespace, name = key_of(binding)
    changes = spec_changes(binding, decision)
    if changes:
        guarded = {"metadata": {"resourceVersion": binding["metadata"]["resourceVersion"]}, "spec": changes}
        binding = context.host.patch(resource, name, guarded, namespace)
    status = status_of(binding, decision, context.clock(), placed=bool(changes))
    if status != (binding.get("status") or {}):
        context.host.patch(resource, name, {"status": status}, namespace, subresource="status")
        before = get_condition(binding.get("status"), "Scheduled") or {}
        if before.get("message") != decision.message:
            kind, reason = (
                ("Normal", "ScheduleBindingSucceed") if decision.scheduled else ("Warning", "ScheduleBindingFailed")
            )
            context.recorder.event(binding, kind, reason, decision.message)


def spec_changes(binding: Mapping[str, Any], decision: Decision) -> dict[str, Any]:
    """Of the binding's spec; empty: none. A cluster that gets the workload again has no eviction task any more."""
    spec = binding.get("spec") or {}
    if not decision.scheduled:
        return {}
    targets = [target.to_json() for target in decision.targets]
    changes: dict[str, Any] = {}
    if targets != (spec.get("clusters") or []):
        changes["clusters"] = targets
    return changes


def status_of(binding: Object, decision: Decision, now: float, *, placed: bool) -> dict[str, Any]:
    """The parts of the binding's status that say what was decided."""
    before = binding.get("status") or {}
    status = {**before, "conditions": [dict(each) for each in before.get("conditions") or ()]}
    set_condition(
        status,
        "Scheduled",
        "True" if decision.scheduled else "False",
        reason=decision.reason,
        message=decision.message,
        now=now_text(now),
    )
    status["schedulerObservedGeneration"] = binding["metadata"].get("generation", 0)
    if decision.scheduled:
        if decision.affinity:
            status["schedulerObservingAffinityName"] = decision.affinity
        asked = (binding.get("spec") or {}).get("rescheduleTriggeredAt") or ""
        if placed or not before.get("lastScheduledTime") or asked > before["lastScheduledTime"]:
            status["lastScheduledTime"] = now_text(now)
    return status
