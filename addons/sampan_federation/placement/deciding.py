"""The placement of one binding: which clusters, how many replicas each, and why not the others. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sampan_federation.placement import dividing
from sampan_federation.placement.affinities import why_not
from sampan_federation.placement.clusters import Candidate
from sampan_federation.placement.estimating import MOST, available
from sampan_federation.placement.filtering import why_unfit
from sampan_federation.placement.grouping import NO_PEERS, Peers
from sampan_federation.placement.spreading import Ranked, choose, fields_of
from sampan_federation.placement.tolerating import untolerated

#: Reasons of the condition Scheduled, as Karmada has them.
SUCCESS, NO_FIT, UNSCHEDULABLE = "Success", "NoClusterFit", "Unschedulable"


class Target(NamedTuple):
    """One cluster of ``spec.clusters``; replicas None: the object has none."""

    name: str
    replicas: int | None = None

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name} if self.replicas is None else {"name": self.name, "replicas": self.replicas}


@dataclass(frozen=True)
class Decision:
    """``targets`` is empty unless ``reason`` is Success. ``verdicts``: by cluster, "" or why it is not taken."""

    reason: str
    message: str
    targets: tuple[Target, ...] = ()
    affinity: str = ""  # the name of the affinity in clusterAffinities that was taken
    verdicts: Mapping[str, str] = field(default_factory=dict)

    @property
    def scheduled(self) -> bool:
        return self.reason == SUCCESS


class Ask(NamedTuple):
    """What is to be placed: of a binding's spec."""

    placement: Mapping[str, Any]
    kind: tuple[str, str]  # (apiVersion, kind)
    replicas: int
    requests: Mapping[str, Any]
    last: Mapping[str, int]  # where it is, with how many replicas (0 for objects without)
    evicted: frozenset[str]
    seed: str
    affinity: str = ""  # the one taken last
    fresh: bool = False  # as if nothing ran
    #: Whether the kind has replicas at all, though none may be wanted.
    divisible: bool = False
    peers: Peers = NO_PEERS


def ask_of(binding: Mapping[str, Any], peers: Peers = NO_PEERS) -> Ask:
    """Of a ResourceBinding or ClusterResourceBinding. ``peers``: where workloads of its groups are."""
    spec, status = binding.get("spec") or {}, binding.get("status") or {}
    triggered, last = spec.get("rescheduleTriggeredAt") or "", status.get("lastScheduledTime") or ""
    resource = spec.get("resource") or {}
    return Ask(
        placement=spec.get("placement") or {},
        kind=(resource.get("apiVersion", ""), resource.get("kind", "")),
        replicas=spec.get("replicas") or 0,
        requests=(spec.get("replicaRequirements") or {}).get("resourceRequest") or {},
        last={each["name"]: each.get("replicas") or 0 for each in spec.get("clusters") or ()},
        evicted=frozenset(task.get("fromCluster", "") for task in spec.get("gracefulEvictionTasks") or ()),
        seed=str(resource.get("uid", "")),
        affinity=status.get("schedulerObservingAffinityName") or "",
        fresh=bool(triggered) and triggered > last,
        divisible="replicas" in spec,
        peers=peers,
    )


def decide(ask: Ask, clusters: Sequence[Candidate]) -> Decision:
    """Affinities are tried in order, from the one taken last on, then those before it: the first that works is taken.
    If none does, the decision is that of the one tried first."""
    tried: list[Decision] = []
    for name, affinity in _affinities(ask):
        decision = _by_affinity(ask, clusters, name, affinity)
        if decision.scheduled:
            return decision
        tried.append(decision)
    return tried[0]


def _affinities(ask: Ask) -> Iterator[tuple[str, Sequence[Mapping[str, Any]]]]:
    """(name, the affinity and those that it overflows to)."""
    terms = ask.placement.get("clusterAffinities") or ()
    if not terms:
        yield "", [ask.placement.get("clusterAffinity") or {}]
        return
    names = [term.get("affinityName", "") for term in terms]
    start = names.index(ask.affinity) if ask.affinity in names and not ask.fresh else 0
    for term in (*terms[start:], *terms[:start]):
        yield term.get("affinityName", ""), [term, *(term.get("overflowAffinities") or ())]


def _by_affinity(
    ask: Ask, clusters: Sequence[Candidate], name: str, tiers: Sequence[Mapping[str, Any]]
) -> Decision:  # fmt: skip
    decision = None
    for count in range(1, len(tiers) + 1):
        decision = _by_tiers(ask, clusters, name, tiers[:count])
        if decision.scheduled:
            return decision
    assert decision is not None
    return decision


def _by_tiers(
    ask: Ask, clusters: Sequence[Candidate], name: str, tiers: Sequence[Mapping[str, Any]]
) -> Decision:  # fmt: skip
    verdicts = {
        cluster.name: why_unfit(
            cluster, affinity=_selecting(tiers, cluster), placement=ask.placement, kind=ask.kind,
            running=cluster.name in ask.last, evicted=cluster.name in ask.evicted, peers=ask.peers,
        )
        for cluster in clusters
    }  # fmt: skip
    fitting = [cluster for cluster in clusters if not verdicts[cluster.name]]
    if not fitting:
        return Decision(NO_FIT, _none_fits(verdicts), affinity=name, verdicts=verdicts)
    room = {cluster.name: _room(ask, cluster) for cluster in fitting}
    strategy = strategy_of(ask.placement)
    chosen = _choose(ask, fitting, room, strategy)
    if isinstance(chosen, str):
        for cluster in fitting:
            verdicts[cluster.name] = f"it fits, but {chosen}"
        return Decision(NO_FIT, chosen, affinity=name, verdicts=verdicts)
    names = [each.name for each in chosen]
    for cluster in fitting:
        if cluster.name not in names:
            verdicts[cluster.name] = (
                "it fits, but the spread constraints took others, which run it already or have more room"
            )
    shares = _shares(ask, [cluster for cluster in fitting if cluster.name in names], room, strategy)
    if shares is None:
        total = sum(room[each] for each in names)
        words = f"{ask.replicas} replicas are wanted, and the clusters that fit have room for {total} more"
        for each in names:
            verdicts[each] = f"it fits, but has room for {room[each]} more replicas only"
        return Decision(UNSCHEDULABLE, words, affinity=name, verdicts=verdicts)
    for each in names:
        if each not in shares:
            verdicts[each] = "it fits, but gets no replica: others have more weight or room"
    targets = tuple(Target(each, shares[each]) for each in sorted(shares))
    return Decision(SUCCESS, f"placed on {_list(targets)}", targets, name, verdicts)


def _selecting(tiers: Sequence[Mapping[str, Any]], cluster: Candidate) -> Mapping[str, Any]:
    """The first of the affinities that selects the cluster, else the first."""
    return next((tier for tier in tiers if not why_not(tier, cluster)), tiers[0])


def strategy_of(placement: Mapping[str, Any]) -> str:
    """Duplicated, Static, Dynamic or Aggregated."""
    scheduling = placement.get("replicaScheduling")
    if not scheduling or (scheduling.get("replicaSchedulingType") or "Divided") == "Duplicated":
        return "Duplicated"
    if scheduling.get("replicaDivisionPreference") == "Aggregated":
        return "Aggregated"
    return "Dynamic" if (scheduling.get("weightPreference") or {}).get("dynamicWeight") else "Static"


def _room(ask: Ask, cluster: Candidate) -> int:
    """Replicas more that it can run; those without requests are bounded by the number of pods alone. None where a taint
    keeps new ones away."""
    if not ask.replicas:
        return MOST
    if untolerated(cluster.taints, ask.placement.get("clusterTolerations") or (), ("NoSchedule", "NoExecute")):
        return 0
    return available(cluster.summary, ask.requests)


def _choose(
    ask: Ask, fitting: Sequence[Candidate], room: Mapping[str, int], strategy: str
) -> list[Ranked] | str:  # fmt: skip
    constraints = ask.placement.get("spreadConstraints") or ()
    if strategy == "Static":  # as Karmada: weights say where it runs
        constraints = ()
    rank = [
        Ranked(
            cluster.name, {by: cluster.groups(by) for by in ("cluster", *fields_of(constraints))},
            cluster.name in ask.last and not ask.fresh, min(MOST, room[cluster.name] + ask.last.get(cluster.name, 0)),
        )
        for cluster in fitting
    ]  # fmt: skip
    return choose(rank, constraints, ask.replicas if strategy in ("Dynamic", "Aggregated") else 0)


def _shares(
    ask: Ask, chosen: Sequence[Candidate], room: Mapping[str, int], strategy: str
) -> Mapping[str, int | None] | None:  # fmt: skip
    """By cluster; None if the replicas do not fit."""
    if not ask.replicas:
        return {cluster.name: 0 if ask.divisible else None for cluster in chosen}
    if strategy == "Duplicated":
        return {cluster.name: ask.replicas for cluster in chosen}
    last = {} if ask.fresh else ask.last
    if strategy == "Static":
        return dividing.by_weight(ask.replicas, weights_of(ask.placement, chosen), last, seed=ask.seed)
    return dividing.by_availability(
        ask.replicas, {cluster.name: room[cluster.name] for cluster in chosen}, ask.last,
        aggregated=strategy == "Aggregated", fresh=ask.fresh, seed=ask.seed,
    )  # fmt: skip


def weights_of(placement: Mapping[str, Any], clusters: Sequence[Candidate]) -> dict[str, int]:
    """The static weights: of the rules that select a cluster the largest; where no rule selects any, all have 1."""
    rules = ((placement.get("replicaScheduling") or {}).get("weightPreference") or {}).get("staticWeightList") or ()
    weights = {
        cluster.name: max(
            (rule.get("weight") or 0 for rule in rules if not why_not(rule.get("targetCluster") or {}, cluster)),
            default=0,
        )
        for cluster in clusters
    }
    return weights if any(weights.values()) else dict.fromkeys(weights, 1)


def _none_fits(verdicts: Mapping[str, str]) -> str:
    if not verdicts:
        return "the federation has no member"
    counts: dict[str, int] = {}
    for words in verdicts.values():
        counts[words] = counts.get(words, 0) + 1
    shown = sorted(counts.items(), key=lambda each: (-each[1], each[0]))[:5]
    return f"0 of {len(verdicts)} clusters fit: " + "; ".join(f"{count}: {words}" for words, count in shown)


def _list(targets: Sequence[Target]) -> str:
    shown = ", ".join(each.name if each.replicas is None else f"{each.name} ({each.replicas})" for each in targets[:10])
    return shown + (f" and {len(targets) - 10} more" if len(targets) > 10 else "")
