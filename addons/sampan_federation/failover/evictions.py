"""Which clusters a workload leaves, and when an eviction is over. Pure.

A workload leaves a cluster only together with a decision that places it elsewhere: both are one write. So there is no
moment without a target (karmada#7455), and nothing is evicted that has nowhere to go (karmada#5150): its copy stays
where it is, and is there when the member comes back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sampan.contracts.kinds import Object
from sampan_federation.failover.preserving import preserved
from sampan_federation.placement.clusters import Candidate
from sampan_federation.placement.deciding import Ask, Decision, ask_of, decide
from sampan_federation.placement.grouping import NO_PEERS, Peers
from sampan_federation.placement.tolerating import seconds_left
from sampan_machinery.metadata import now_text

#: Producers and reasons of tasks, as Karmada's.
TAINTS, APPLICATION = "TaintManager", "ResourceBindingApplicationFailoverController"
UNTOLERATED, FAILURE = "TaintUntolerated", "ApplicationFailure"
Task = dict[str, Any]


class Leaving(NamedTuple):
    """A cluster that the workload has to leave."""

    cluster: str
    reason: str
    producer: str


class Change(NamedTuple):
    """Of a binding's spec; empty: none. ``words``: for an Event, "" where nothing is to be said."""

    spec: dict[str, Any]
    words: str = ""


def leaving(binding: Object, clusters: Sequence[Candidate], now: float) -> tuple[list[Leaving], float | None]:
    """(clusters with NoExecute taints that are not tolerated any more, seconds until the next is due)."""
    spec = binding.get("spec") or {}
    placed = {target["name"] for target in spec.get("clusters") or ()}
    tolerations = (spec.get("placement") or {}).get("clusterTolerations") or ()
    found, soonest = [], None
    for cluster in clusters:
        left = seconds_left(cluster.taints, tolerations, now) if cluster.name in placed else None
        if left is None:
            continue
        if left <= 0:
            found.append(Leaving(cluster.name, UNTOLERATED, TAINTS))
        else:
            soonest = left if soonest is None else min(left, soonest)
    return found, soonest


def evict(
    binding: Object, going: Sequence[Leaving], clusters: Sequence[Candidate], now: float, peers: Peers = NO_PEERS
) -> Change:  # fmt: skip
    """The workload placed elsewhere, and a task for each cluster that it leaves. No change where no other cluster would
    get anything that it has not got yet. A cluster that all have to leave holds no workload of an affinity group."""
    spec = binding.get("spec") or {}
    names = [each.cluster for each in going]
    ask = ask_of(binding, peers.without({each.cluster for each in going if each.reason == UNTOLERATED}))
    rest = {name: count for name, count in ask.last.items() if name not in names}
    decision = decide(ask._replace(last=rest, evicted=ask.evicted | set(names)), clusters)
    if not decision.scheduled or not _gains(decision, rest):
        why = decision.message if not decision.scheduled else "no other cluster would run more of it"
        return Change({}, f"it stays on {', '.join(names)}, though it should leave: {why}")
    tasks = [*(spec.get("gracefulEvictionTasks") or ()), *(_task(binding, each, now) for each in going)]
    words = f"it leaves {', '.join(names)} and is {decision.message}; the copy there goes when that is healthy"
    return Change(
        {"clusters": [target.to_json() for target in decision.targets], "gracefulEvictionTasks": tasks}, words
    )


def _gains(decision: Decision, rest: Mapping[str, int]) -> bool:
    return any(target.name not in rest or (target.replicas or 0) > rest[target.name] for target in decision.targets)


def _task(binding: Object, going: Leaving, now: float) -> Task:
    spec = binding.get("spec") or {}
    side = "application" if going.reason == FAILURE else "cluster"
    behavior = (spec.get("failover") or {}).get(side) or {}
    mode = behavior.get("purgeMode") or "Gracefully"
    mode = {"Immediately": "Directly", "Graciously": "Gracefully"}.get(mode, mode)
    target = next(each for each in spec["clusters"] if each["name"] == going.cluster)
    task: Task = {
        "fromCluster": going.cluster, "reason": going.reason, "producer": going.producer, "purgeMode": mode,
        "creationTimestamp": now_text(now), "clustersBeforeFailover": [each["name"] for each in spec["clusters"]],
    }  # fmt: skip
    if "replicas" in target:
        task["replicas"] = target["replicas"]
    if mode == "Never":
        task["suppressDeletion"] = True
    if labels := preserved(binding, going.cluster, (behavior.get("statePreservation") or {}).get("rules") or ()):
        task["preservedLabelState"] = labels
    return task


def finish(binding: Object, clusters: Sequence[Candidate], now: float, peers: Peers = NO_PEERS) -> Change:
    """Tasks that are over. A cluster that is back before its replacement is healthy gets its workload back; one that is
    back later loses its copy, for there is a healthy one elsewhere. A task without end is what karmada#5782 and #5803
    report, one that ends too soon karmada#3736."""
    spec = binding.get("spec") or {}
    tasks: list[Task] = spec.get("gracefulEvictionTasks") or []
    known = {cluster.name: cluster for cluster in clusters}
    placed = {target["name"] for target in spec.get("clusters") or ()}
    over = [task for task in tasks if task["fromCluster"] in placed or task["fromCluster"] not in known]
    if not over and replaced(binding):
        over = [task for task in tasks if not task.get("suppressDeletion")]
    if over:
        left = [task for task in tasks if task not in over]
        words = f"it has left {', '.join(task['fromCluster'] for task in over)}"
        return Change({"gracefulEvictionTasks": left or None}, words)
    for task in tasks:
        if _is_back(binding, task, known[task["fromCluster"]], now):
            return _return(binding, task, clusters, peers)
    return Change({})


def _is_back(binding: Object, task: Task, cluster: Candidate, now: float) -> bool:
    """The member is fine again; a workload that failed by itself is not fine because its member is."""
    tolerations = ((binding.get("spec") or {}).get("placement") or {}).get("clusterTolerations") or ()
    return task.get("producer") == TAINTS and seconds_left(cluster.taints, tolerations, now) is None and not any(
        taint.get("effect") == "NoExecute" for taint in cluster.taints
    )  # fmt: skip


def _return(binding: Object, task: Task, clusters: Sequence[Candidate], peers: Peers) -> Change:
    spec, name = binding.get("spec") or {}, task["fromCluster"]
    ask = ask_of(binding, peers)
    before = set(task.get("clustersBeforeFailover") or ())
    last = {each: count for each, count in ask.last.items() if not before or each in before}
    again: Ask = ask._replace(last={**last, name: task.get("replicas") or 0}, evicted=ask.evicted - {name})
    decision = decide(again, clusters)
    left = [each for each in spec.get("gracefulEvictionTasks") or () if each is not task]
    if not decision.scheduled or name not in {target.name for target in decision.targets}:
        return Change({})  # the policy has changed meanwhile: it ends when the replacement is healthy
    targets = [target.to_json() for target in decision.targets]
    return Change(
        {"clusters": targets, "gracefulEvictionTasks": left or None}, f"{name} is back, and so is the workload"
    )


def replaced(binding: Object) -> bool:
    """Whether the workload is healthy wherever it is placed now: with no cluster it is not."""
    spec, status = binding.get("spec") or {}, binding.get("status") or {}
    said = {item.get("clusterName"): item for item in status.get("aggregatedStatus") or ()}
    targets = spec.get("clusters") or []
    return bool(targets) and all(_healthy(said.get(target["name"]), target) for target in targets)


def _healthy(item: Mapping[str, Any] | None, target: Mapping[str, Any]) -> bool:
    """What a member said before it got more replicas does not count. Kinds without health are fine when applied."""
    if item is None or not item.get("applied"):
        return False
    if "replicas" not in target:
        return item.get("health") != "Unhealthy"
    if item.get("health") != "Healthy":
        return False
    status = item.get("status") or {}
    counts = [status[field] for field in ("readyReplicas", "availableReplicas") if field in status]
    total = status.get("replicas")
    if total is None and not counts:
        return True  # a kind that does not count its replicas
    return bool(min(counts, default=0) >= target["replicas"])
