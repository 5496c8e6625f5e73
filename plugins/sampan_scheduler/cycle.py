"""One scheduling decision: which node, and why not the others. Pure but for the dice.

Rules about one node (``local``) are asked once per kind of pod (signature) and node state: a table keeps their
verdicts and scores, and only rows that changed since are asked again. So the thousandth pod of a Deployment costs a
few set look-ups. Rules about several nodes answer in domains (cycle_types), which are applied by label column.
"""

from __future__ import annotations

import logging
import random
from collections import Counter as Tally
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sampan.contracts.scheduling import Verdict
from sampan_scheduler.cycle_types import Refusal, Requirement
from sampan_scheduler.nodes import Cluster, Node
from sampan_scheduler.pods import PodInfo
from sampan_scheduler.rules.interpod import InterPodAffinity
from sampan_scheduler.rules.node_affinity import NodeAffinity
from sampan_scheduler.rules.node_state import NodeName, Ports, Taints, Unschedulable
from sampan_scheduler.rules.resources_fit import BalancedAllocation, ResourcesFit
from sampan_scheduler.rules.spread import TopologySpread

log = logging.getLogger(__name__)

MOST_TABLES = 256
FAILED = Verdict("node(s) were refused by a plugin that failed")


@dataclass(frozen=True)
class Decision:
    """Where a pod goes (``node`` "" for nowhere) and why every other node was passed over."""

    pod: str
    node: str
    score: float
    feasible: int
    reasons: dict[str, int] = field(default_factory=dict)  # reason → number of nodes
    resolvable: tuple[str, ...] = ()  # nodes that removing pods could help, when there is no node

    def message(self, total: int) -> str:
        """As users know it: ``0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint(s).``"""
        if not total:
            return "no nodes available to schedule pods"
        texts = sorted(f"{count} {reason}" for reason, count in self.reasons.items())
        return f"0/{total} nodes are available: {', '.join(texts)}."


class Table:
    """Verdicts and scores of the local rules for one kind of pod, by row."""

    __slots__ = ("next", "scores", "verdicts")

    def __init__(self) -> None:
        self.next = -1
        self.verdicts: list[Verdict | None] = []
        self.scores: list[float] = []


def own_rules() -> list[Any]:
    return [
        NodeName(), Unschedulable(), Taints(), NodeAffinity(), Ports(), ResourcesFit(), BalancedAllocation(),
        TopologySpread(), InterPodAffinity(),
    ]  # fmt: skip


class Cycle:
    """Decides for one pod after another over a Cluster."""

    def __init__(
        self, cluster: Cluster, rules: Sequence[Any], strangers: Sequence[Any] = (), dice: random.Random | None = None
    ) -> None:
        self._cluster = cluster
        self._filters = [rule for rule in rules if rule.local and hasattr(rule, "filter")]
        self._scores = [rule for rule in rules if rule.local and hasattr(rule, "score")]
        self._wide = [rule for rule in rules if not rule.local]
        self._strangers = strangers
        self._dice = dice or random.Random()
        self._tables: dict[bytes, Table] = {}

    def decide(self, pod: PodInfo) -> Decision:
        table = self._table(pod)
        verdicts = table.verdicts
        rows = [row for row, verdict in enumerate(verdicts) if verdict is None]
        refused: dict[int, Verdict] = {}
        for rule in self._wide:
            for found in rule.refusals(pod, self._cluster):
                rows = self._apply(found, rows, refused)
        rows = self._ask_strangers(pod, rows, refused)
        if not rows:
            return self._nowhere(pod, verdicts, refused)
        scores = self._all_scores(pod, rows, table.scores)
        best = max(map(scores.__getitem__, rows))
        ties = [row for row in rows if scores[row] == best]
        chosen = ties[0] if len(ties) == 1 else self._dice.choice(ties)
        return Decision(pod.ref, self._cluster.node(chosen).name, best, len(rows))

    def fits(self, pod: PodInfo, node: Node) -> bool:
        """Whether the local rules let the pod onto the node as it is now (preemption asks this of trial nodes)."""
        return all(rule.filter(pod, node) is None for rule in self._filters)

    def _table(self, pod: PodInfo) -> Table:
        cluster = self._cluster
        table = self._tables.get(pod.signature)
        if table is None:
            if len(self._tables) >= MOST_TABLES:
                del self._tables[next(iter(self._tables))]
            table = self._tables[pod.signature] = Table()
        end = cluster.forgotten + len(cluster.changes)
        if table.next < cluster.forgotten:
            changed: Sequence[int] = range(len(cluster.rows))
        elif table.next == end:
            return table
        else:
            changed = set(cluster.changes[table.next - cluster.forgotten :])  # type: ignore[assignment]  # order is nothing
        table.next = end
        missing = len(cluster.rows) - len(table.verdicts)
        table.verdicts += [None] * missing
        table.scores += [0.0] * missing
        for row in changed:
            node = cluster.rows[row]
            verdict = GONE if node is None else self._verdict(pod, node)
            table.verdicts[row] = verdict
            if verdict is None and node is not None:
                table.scores[row] = sum(rule.weight * rule.score(pod, node) for rule in self._scores)
        return table

    def _verdict(self, pod: PodInfo, node: Node) -> Verdict | None:
        for rule in self._filters:
            verdict: Verdict | None = rule.filter(pod, node)
            if verdict is not None:
                return verdict
        return None

    def _apply(self, found: Refusal | Requirement, rows: list[int], refused: dict[int, Verdict]) -> list[int]:
        column = self._cluster.domains(found.topology_key)
        left = []
        for row in rows:
            domain = column[row]
            if isinstance(found, Refusal):
                verdict = found.missing if domain is None else found.verdict if domain in found.domains else None
            elif domain is not None and (found.domains is None or domain in found.domains):
                verdict = None
            else:
                verdict = found.verdict
            if verdict is None:
                left.append(row)
            else:
                refused[row] = verdict
        return left

    def _ask_strangers(self, pod: PodInfo, rows: list[int], refused: dict[int, Verdict]) -> list[int]:
        """Plugins of others, node by node; one that raises is logged by name and its refusal counts for that node."""
        for plugin in self._strangers:
            if not hasattr(plugin, "filter"):
                continue
            left = []
            for row in rows:
                verdict = self._fenced(plugin, "filter", pod, row, FAILED)
                if verdict is None:
                    left.append(row)
                else:
                    refused[row] = verdict
            rows = left
        return rows

    def _all_scores(self, pod: PodInfo, rows: list[int], local: list[float]) -> list[float] | dict[int, float]:
        wide = [found for rule in self._wide for found in rule.scores(pod, self._cluster)]
        scorers = [plugin for plugin in self._strangers if hasattr(plugin, "score")]
        if not wide and not scorers:
            return local
        scores = {row: local[row] for row in rows}
        for found in wide:
            column = self._cluster.domains(found.topology_key)
            for row in rows:
                domain = column[row]
                value = found.missing if domain is None else found.by_domain.get(domain, found.otherwise)
                scores[row] += found.weight * value
        for plugin in scorers:
            for row in rows:
                scores[row] += plugin.weight * float(self._fenced(plugin, "score", pod, row, 0.0))
        return scores

    def _fenced(self, plugin: Any, method: str, pod: PodInfo, row: int, otherwise: Any) -> Any:
        try:
            return getattr(plugin, method)({}, pod.object, self._cluster.node(row))
        except Exception:
            log.exception("scheduling plugin %s failed in %s for pod %s", plugin.name, method, pod.ref)
            return otherwise

    def _nowhere(self, pod: PodInfo, verdicts: list[Verdict | None], refused: dict[int, Verdict]) -> Decision:
        every = {row: verdict for row, verdict in enumerate(verdicts) if verdict is not None and verdict is not GONE}
        every |= refused
        tally = Tally(verdict.reason for verdict in every.values())
        helped = tuple(self._cluster.node(row).name for row, verdict in every.items() if not verdict.unresolvable)
        return Decision(pod.ref, "", 0.0, 0, dict(tally), helped)


GONE = Verdict("node has gone", True)
