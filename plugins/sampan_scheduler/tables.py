"""Verdicts and scores of the rules about one node, kept for each kind of pod and renewed only where a node changed.

The thousandth pod of a Deployment so costs a look at the few rows that changed since the last one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sampan_scheduler.nodes import Cluster, NodeInfo
from sampan_scheduler.pods import PodInfo
from sampan_scheduling.contracts import Verdict

MOST_TABLES = 256


class VerdictTable:
    """Verdicts (None: will do) and scores by row, and how many rows each reason holds back."""

    __slots__ = ("next", "scores", "tally", "verdicts")

    def __init__(self) -> None:
        self.next = -1  # the place in the log of changes up to which the table is right
        self.verdicts: list[Verdict | None] = []
        self.scores: list[float] = []
        self.tally: dict[str, int] = {}

    def resize(self, size: int) -> None:
        for verdict in self.verdicts[size:]:
            self._count(verdict, -1)
        del self.verdicts[size:], self.scores[size:]
        missing = size - len(self.verdicts)
        self.verdicts += [None] * missing
        self.scores += [0.0] * missing

    def set(self, row: int, verdict: Verdict | None, score: float) -> None:
        known = self.verdicts[row]
        if known != verdict:
            self._count(known, -1)
            self._count(verdict, 1)
            self.verdicts[row] = verdict
        self.scores[row] = score

    def _count(self, verdict: Verdict | None, amount: int) -> None:
        if verdict is not None:
            for reason in (verdict.reason, *verdict.more):
                self.tally[reason] = self.tally.get(reason, 0) + amount


class VerdictTables:
    """The tables of all kinds of pods seen lately."""

    def __init__(self, cluster: Cluster, rules: Sequence[Any]) -> None:
        self._cluster = cluster
        self._filters = [rule for rule in rules if hasattr(rule, "filter")]
        self._scores = [rule for rule in rules if hasattr(rule, "score")]
        self._tables: dict[bytes, VerdictTable] = {}

    def of(self, pod: PodInfo) -> VerdictTable:
        """The table for this kind of pod, as the cluster is now."""
        cluster = self._cluster
        table = self._tables.get(pod.signature)
        if table is None:
            if len(self._tables) >= MOST_TABLES:
                del self._tables[next(iter(self._tables))]
            table = self._tables[pod.signature] = VerdictTable()
        end, size = cluster.forgotten + len(cluster.changes), len(cluster.rows)
        if table.next == end:
            return table
        if table.next < cluster.forgotten:
            changed: Iterable[int] = range(size)
        else:
            changed = {row for row in cluster.changes[table.next - cluster.forgotten :] if row < size}
        table.next = end
        table.resize(size)
        for row in changed:
            node = cluster.rows[row]
            verdict = self.verdict(pod, node)
            if verdict is None:
                score = 0.0
                for rule in self._scores:
                    score += rule.weight * rule.score(pod, node)
                if table.verdicts[row] is None:
                    table.scores[row] = score
                else:
                    table.set(row, None, score)
            else:
                table.set(row, verdict, 0.0)
        return table

    def verdict(self, pod: PodInfo, node: NodeInfo) -> Verdict | None:
        """What the first rule that objects says of the node as it is now."""
        for rule in self._filters:
            verdict: Verdict | None = rule.filter(pod, node)
            if verdict is not None:
                return verdict
        return None

    def points(self, pod: PodInfo, node: NodeInfo) -> dict[str, float]:
        """Weighted points by rule."""
        return {rule.name: rule.weight * rule.score(pod, node) for rule in self._scores}
