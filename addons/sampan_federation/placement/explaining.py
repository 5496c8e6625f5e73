"""Says for each member why a workload is there, or why not. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sampan.contracts.kinds import Object
from sampan_federation.placement.clusters import candidate_of
from sampan_federation.placement.deciding import ask_of, decide, strategy_of
from sampan_federation.placement.grouping import peers_of
from sampan_machinery.metadata import get_condition


class Line(NamedTuple):
    """Of one member."""

    cluster: str
    placed: str  # "", "yes", or the number of replicas
    health: str
    why: str


class Explanation(NamedTuple):
    summary: list[str]
    lines: list[Line]

    def to_json(self) -> dict[str, Any]:
        return {"summary": self.summary, "clusters": [line._asdict() for line in self.lines]}


def explain(binding: Object, clusters: Sequence[Object], others: Sequence[Object] = ()) -> Explanation:
    """What is decided of the binding by the members as they are now. ``others``: bindings of its namespace."""
    spec, status = binding.get("spec") or {}, binding.get("status") or {}
    candidates = [candidate_of(cluster) for cluster in clusters]
    peers = peers_of(binding, ((each, (each.get("spec") or {}).get("clusters") or ()) for each in others))
    decision = decide(ask_of(binding, peers), candidates)
    targets = {target["name"]: target for target in spec.get("clusters") or ()}
    tasks = {task["fromCluster"]: task for task in spec.get("gracefulEvictionTasks") or ()}
    said = {item.get("clusterName"): item for item in status.get("aggregatedStatus") or ()}
    lines = []
    for candidate in sorted(candidates, key=lambda each: each.name):
        target, item = targets.get(candidate.name), said.get(candidate.name) or {}
        why = decision.verdicts.get(candidate.name, "")
        if task := tasks.get(candidate.name):
            why = f"it is evicted ({task['reason']}), and its copy stays until it is healthy elsewhere"
        elif target is not None:
            why = f"placed, but {why}" if why and not decision.scheduled else "it fits and was chosen"
            why = item.get("appliedMessage") or why
        placed = "" if target is None else str(target.get("replicas", "yes"))
        lines.append(Line(candidate.name, placed, item.get("health", ""), why))
    return Explanation(_summary(binding, decision.message, decision.affinity), lines)


def _summary(binding: Object, message: str, affinity: str) -> list[str]:
    spec, status = binding.get("spec") or {}, binding.get("status") or {}
    reference, placement = spec.get("resource") or {}, spec.get("placement") or {}
    replicas = f", {spec['replicas']} replicas" if "replicas" in spec else ""
    found = [f"{reference.get('kind')} {reference.get('name')}{replicas}, {strategy_of(placement).lower()}: {message}"]
    if affinity:
        found.append(f"by the affinity {affinity}")
    condition = get_condition(status, "Scheduled")
    if condition and condition.get("status") != "True" and condition.get("message") != message:
        found.append(f"condition Scheduled: {condition.get('reason')}: {condition.get('message')}")
    if (spec.get("suspension") or {}).get("scheduling"):
        found.append("scheduling is suspended: nothing changes")
    if (spec.get("suspension") or {}).get("dispatching"):
        found.append("dispatching is suspended: members do not get changes")
    return found


def table(explanation: Explanation) -> list[str]:
    """Lines for a terminal."""
    rows = [("CLUSTER", "PLACED", "HEALTH", "WHY"), *explanation.lines]
    widths = [max(len(row[column]) for row in rows) + 3 for column in range(3)]
    shown = ["".join(row[column].ljust(widths[column]) for column in range(3)) + row[3] for row in rows]
    return [*explanation.summary, *shown]
