"""Verdicts and scores of the rules about one node, kept for each kind of pod and renewed only where a node changed.

The thousandth pod of a Deployment so costs a look at the few rows that changed since the last one. Nodes that will do
are kept by score, so that the best ones are at hand however many nodes there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sampan_scheduler.nodes import Cluster, NodeInfo
from sampan_scheduler.pods import PodInfo
from sampan_scheduling.contracts import Verdict

MOST_TABLES = 256

#: A rule and what its points are multiplied by.
Weighted = tuple[Any, int]
Filter = Callable[[PodInfo, NodeInfo], "Verdict | None"]
Score = Callable[[PodInfo, NodeInfo], int]


class VerdictTable:
    """Verdicts (None: will do) and scores by row, and how many rows each reason holds back.

    ``raws`` has what rules counted that are normalized over all nodes that will do: by rule name and row, zeros left
    out. ``buckets`` has the rows that will do, by score.
    """

    __slots__ = ("_place", "buckets", "counted", "filters", "next", "raws", "scored", "scores", "tally", "verdicts")

    def __init__(self) -> None:
        self.filters: list[Filter] = []  # of the rules that have something to say about this kind of pod
        self.scored: list[tuple[Score, int]] = []
        self.counted: list[tuple[str, Score]] = []
        self.next = -1  # the place in the log of changes up to which the table is right
        self.verdicts: list[Verdict | None] = []
        self.scores: list[int] = []
        self.raws: dict[str, dict[int, int]] = {}
        self.buckets: dict[int, list[int]] = {}
        self.tally: dict[str, int] = {}
        self._place: list[int] = []  # of a row in its bucket; -1: in none

    @property
    def rows(self) -> Sequence[int]:
        """Those that will do, ascending."""
        if not any(self.tally.values()):
            return range(len(self.verdicts))
        return [row for row, verdict in enumerate(self.verdicts) if verdict is None]

    def resize(self, size: int) -> None:
        for row in range(size, len(self.verdicts)):
            self._count(self.verdicts[row], -1)
            self._leave(row)
            for raws in self.raws.values():
                raws.pop(row, None)
        del self.verdicts[size:], self.scores[size:], self._place[size:]
        missing = size - len(self.verdicts)
        self.verdicts += [_NEW] * missing
        self.scores += [0] * missing
        self._place += [-1] * missing

    def set(self, row: int, verdict: Verdict | None, score: int = 0) -> None:
        known = self.verdicts[row]
        if known != verdict:
            self._count(known, -1)
            self._count(verdict, 1)
            self.verdicts[row] = verdict
        if self._place[row] >= 0:
            if verdict is None and score == self.scores[row]:
                return
            self._leave(row)
        self.scores[row] = score
        if verdict is None:
            bucket = self.buckets.setdefault(score, [])
            self._place[row] = len(bucket)
            bucket.append(row)

    def set_raw(self, name: str, row: int, value: int) -> None:
        known = self.raws.get(name)
        if value:
            self.raws.setdefault(name, {})[row] = value
        elif known is not None:
            known.pop(row, None)

    def _leave(self, row: int) -> None:
        place = self._place[row]
        if place < 0:
            return
        bucket = self.buckets[self.scores[row]]
        last = bucket.pop()
        if last != row:
            bucket[place] = last
            self._place[last] = place
        if not bucket:
            del self.buckets[self.scores[row]]
        self._place[row] = -1

    def _count(self, verdict: Verdict | None, amount: int) -> None:
        if verdict is not None and verdict is not _NEW:
            for reason in (verdict.reason, *verdict.more):
                self.tally[reason] = self.tally.get(reason, 0) + amount


#: Of a row that no rule has been asked about yet.
_NEW = Verdict("")


class VerdictTables:
    """The tables of all kinds of pods seen lately."""

    def __init__(self, cluster: Cluster, filters: Sequence[Any], scores: Sequence[Weighted]) -> None:
        self._cluster = cluster
        self._filters = list(filters)
        self._scores = [(rule, weight) for rule, weight in scores if hasattr(rule, "score")]
        self._raws = [rule for rule, _ in scores if hasattr(rule, "raw")]
        self._tables: dict[bytes, VerdictTable] = {}

    def _start(self, pod: PodInfo) -> VerdictTable:
        """A table that asks only rules that have something to say about this kind of pod."""
        table = VerdictTable()
        table.filters = [rule.filter for rule in self._filters if _filters(rule, pod)]
        table.scored = [(rule.score, weight) for rule, weight in self._scores if _scores(rule, pod)]
        table.counted = [(rule.name, rule.raw) for rule in self._raws if _scores(rule, pod)]
        return table

    def of(self, pod: PodInfo) -> VerdictTable:
        """The table for this kind of pod, as the cluster is now."""
        cluster = self._cluster
        table = self._tables.get(pod.signature)
        if table is None:
            if len(self._tables) >= MOST_TABLES:
                del self._tables[next(iter(self._tables))]
            table = self._tables[pod.signature] = self._start(pod)
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
            self._renew(table, pod, cluster.rows[row])
        return table

    def _renew(self, table: VerdictTable, pod: PodInfo, node: NodeInfo) -> None:
        for rule in table.filters:
            verdict = rule(pod, node)
            if verdict is not None:
                table.set(node.row, verdict)
                return
        score = 0
        for points, weight in table.scored:
            score += weight * points(pod, node)
        table.set(node.row, None, score)
        for name, count in table.counted:
            table.set_raw(name, node.row, count(pod, node))

    def verdict(self, pod: PodInfo, node: NodeInfo) -> Verdict | None:
        """What the first rule that objects says of the node as it is now."""
        for rule in self._filters:
            verdict: Verdict | None = rule.filter(pod, node)
            if verdict is not None:
                return verdict
        return None

    def points(self, pod: PodInfo, node: NodeInfo) -> dict[str, int]:
        """Weighted points by rule, without those that are normalized over all nodes."""
        return {rule.name: weight * rule.score(pod, node) for rule, weight in self._scores}


def _filters(rule: Any, pod: PodInfo) -> bool:
    """Whether the rule may refuse a node to this pod; rules that can tell have ``filters``."""
    return bool(rule.filters(pod)) if hasattr(rule, "filters") else True


def _scores(rule: Any, pod: PodInfo) -> bool:
    return bool(rule.gives_points(pod)) if hasattr(rule, "gives_points") else True


def normalized(raws: dict[int, int], rows: Sequence[int], weight: int, *, reverse: bool) -> list[int] | None:
    """Points for each row, 0 to 100 times ``weight``, by its share of the largest count. None: all counts are 0, which
    is 100 points for every row if ``reverse``."""
    values = [raws.get(row, 0) for row in rows] if raws else []
    most = max(values, default=0)
    if not most:
        return None
    points = {
        value: weight * (100 - (100 * value // most) if reverse else 100 * value // most) for value in set(values)
    }
    return [points[value] for value in values]
