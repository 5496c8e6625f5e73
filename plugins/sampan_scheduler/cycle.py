"""One scheduling decision: which node, and why not the others. Pure but for the rng.

Rules about one node (``local``) are asked through tables (tables.py), rules about several nodes answer in domains
(cycle_types.py) that are applied by label column, third-party plugins are asked last (third_party.py). Must not know of
threads, clocks or the API.
"""

from __future__ import annotations

import random
from collections import Counter as Tally
from collections.abc import Iterator, Sequence
from typing import Any

from sampan_scheduler.cycle_types import Refusal, Requirement
from sampan_scheduler.decisions import CycleResult, Decision
from sampan_scheduler.nodes import Cluster, NodeInfo
from sampan_scheduler.pods import PodInfo
from sampan_scheduler.rules.interpod import InterPodAffinity
from sampan_scheduler.rules.node_affinity import NodeAffinity
from sampan_scheduler.rules.node_state import NodeName, Ports, Taints, Unschedulable
from sampan_scheduler.rules.resources_fit import BalancedAllocation, ResourcesFit
from sampan_scheduler.rules.spread import TopologySpread
from sampan_scheduler.tables import VerdictTables
from sampan_scheduler.third_party import ThirdParty
from sampan_scheduling.contracts import State, Verdict


def own_rules() -> list[Any]:
    return [
        Unschedulable(), NodeName(), Taints(), NodeAffinity(), Ports(), ResourcesFit(), BalancedAllocation(),
        TopologySpread(), InterPodAffinity(),
    ]  # fmt: skip


class Cycle:
    """Decides for one pod after another over a Cluster."""

    def __init__(
        self, cluster: Cluster, rules: Sequence[Any], third_party: Sequence[Any] = (), rng: random.Random | None = None
    ) -> None:
        self._cluster = cluster
        self._tables = VerdictTables(cluster, [rule for rule in rules if rule.local])
        self._wide = [rule for rule in rules if not rule.local]
        self._rng = rng or random.Random(random.getrandbits(64))  # a simulation seeds the process's source
        self.third_party = ThirdParty(third_party)

    def decide(self, pod: PodInfo, state: State | None = None) -> CycleResult:
        """The best node for the pod, which must not stand on one. Changes nothing in the cluster."""
        state = {} if state is None else state
        cluster = self._cluster
        refusal = self.third_party.refuse_all(state, pod.object, cluster)
        if refusal is not None:
            decision = Decision(pod.ref, pod.uid, "", len(cluster), 0, refusal=refusal.reason)
            return CycleResult(decision, dict.fromkeys(range(len(cluster)), refusal))
        table = self._tables.of(pod)
        rows = [row for row, verdict in enumerate(table.verdicts) if verdict is None]
        refused: dict[int, Verdict] = {}
        for found in self._refusals(pod):
            rows = self._apply(found, rows, refused)
        rows = self._leave_to_nominated(pod, rows, refused)
        rows = self.third_party.filter(state, pod.object, cluster, rows, refused)
        reasons = {reason: count for reason, count in table.tally.items() if count}
        for reason, count in Tally(r for verdict in refused.values() for r in (verdict.reason, *verdict.more)).items():
            reasons[reason] = reasons.get(reason, 0) + count
        if not rows:
            refused |= {row: verdict for row, verdict in enumerate(table.verdicts) if verdict is not None}
            return CycleResult(Decision(pod.ref, pod.uid, "", len(cluster), 0, reasons=reasons), refused)
        row, score, points = self._choose(state, pod, rows, table.scores)
        name = cluster.rows[row].name
        return CycleResult(Decision(pod.ref, pod.uid, name, len(cluster), len(rows), score, points, reasons))

    def fits(self, pod: PodInfo, node: NodeInfo, state: State) -> bool:
        """Whether every rule lets the pod onto this one node as it is now (preemption asks this of trial nodes)."""
        if self._tables.verdict(pod, node) is not None:
            return False
        if any(_refusal(found, node.labels.get(found.topology_key)) for found in self._refusals(pod)):
            return False
        return self.third_party.lets(state, pod.object, node)

    def may_help(self, pod: PodInfo, node: NodeInfo) -> bool:
        """Whether a change of this node may be what the pod waits for: no rule about the node alone is against it."""
        return bool(self.third_party.filters) or self._tables.verdict(pod, node) is None

    def _refusals(self, pod: PodInfo) -> Iterator[Refusal | Requirement]:
        for rule in self._wide:
            yield from rule.refusals(pod, self._cluster)

    def _apply(self, found: Refusal | Requirement, rows: list[int], refused: dict[int, Verdict]) -> list[int]:
        column = self._cluster.domains(found.topology_key)
        domains = found.domains
        held = None  # rows refused, where the common case can be told in one pass
        if isinstance(found, Refusal):
            if not found.domains and found.missing is None:
                return rows
            if None not in column:
                held = [row for row in rows if column[row] in found.domains]
        elif domains is not None:
            held = [row for row in rows if column[row] not in domains]
        if held is None:
            verdicts = {row: verdict for row in rows if (verdict := _refusal(found, column[row])) is not None}
        else:
            verdicts = dict.fromkeys(held, found.verdict)
        if not verdicts:
            return rows
        refused |= verdicts
        return [row for row in rows if row not in verdicts]

    def _leave_to_nominated(self, pod: PodInfo, rows: list[int], refused: dict[int, Verdict]) -> list[int]:
        """Without nodes whose room was made for pods as important as this one, where both do not fit."""
        for name, waiting in self._cluster.nominated.items():
            node = self._cluster.by_name.get(name)
            others = [info for uid, info in waiting.items() if uid != pod.uid and info.priority >= pod.priority]
            if node is None or not others or node.row not in rows:
                continue
            for info in others:
                node.add(info)
            verdict = self._tables.verdict(pod, node)
            for info in others:
                node.add(info, -1)
            if verdict is not None:
                refused[node.row] = verdict
                rows = [row for row in rows if row != node.row]
        return rows

    def _choose(
        self, state: State, pod: PodInfo, rows: list[int], local: list[float]
    ) -> tuple[int, float, dict[str, float]]:
        """Row, its score, and what that is made of. A node that was cleared for the pod comes first."""
        kept = self._cluster.nomination(pod.uid) if self._cluster.nominated else ""
        kept_node = self._cluster.by_name.get(kept)
        if kept_node is not None and kept_node.row in rows:
            rows = [kept_node.row]
        wide = [(rule.name, found) for rule in self._wide for found in rule.scores(pod, self._cluster)]
        strange = self.third_party.scores(state, pod.object, self._cluster, rows)
        scores = list(map(local.__getitem__, rows))
        for _, found in wide:
            column, by_domain = self._cluster.domains(found.topology_key), found.weighted()
            otherwise, missing = found.weight * found.otherwise, found.weight * found.missing
            scores = [
                score + (missing if (domain := column[row]) is None else by_domain.get(domain, otherwise))
                for score, row in zip(scores, rows, strict=True)
            ]
        for values in strange.values():
            scores = [score + value for score, value in zip(scores, values, strict=True)]
        best = max(scores)
        index = scores.index(best)
        if scores.count(best) > 1:
            index = self._rng.choice([place for place, score in enumerate(scores) if score == best])
        points = self._tables.points(pod, self._cluster.rows[rows[index]])
        for name, found in wide:
            value = found.at(self._cluster.domains(found.topology_key)[rows[index]])
            points[name] = points.get(name, 0.0) + value
        points.update({name: values[index] for name, values in strange.items()})
        return rows[index], best, points


def _refusal(found: Refusal | Requirement, domain: str | None) -> Verdict | None:
    if isinstance(found, Refusal):
        return found.missing if domain is None else found.verdict if domain in found.domains else None
    if domain is not None and (found.domains is None or domain in found.domains):
        return None
    return found.verdict
