"""Nodes in groups that the rules about several nodes cannot tell apart.

Points of topology spread and inter-pod affinity are normalized over all nodes that will do, so that one pod more may
change those of every node. But they depend only on a node's domains and on how many pods of a kind it has, and nodes
that agree in these are few kinds. A decision so costs a look at each kind of node, not at each node. Pure.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from sampan_scheduler.counters import DomainCounter
from sampan_scheduler.nodes import Cluster, NodeInfo
from sampan_scheduler.tables import VerdictTable

PROBES = 8  # rows tried at random before a whole bucket is looked through
#: What the sources say of a node, in their order.
Trait = tuple[Any, ...]


class Source(Protocol):
    """What a rule reads of a node. It changes with the node or the pods on it only. Equal ones say the same."""

    def of(self, node: NodeInfo) -> Any: ...


class Domain(NamedTuple):
    """The node's domain; None: it has not the label."""

    topology_key: str

    def of(self, node: NodeInfo) -> str | None:
        return node.labels.get(self.topology_key)


class Count(NamedTuple):
    """How many of these pods the node has; None: it has not the label. A counter equals none but itself."""

    counter: DomainCounter

    def of(self, node: NodeInfo) -> int | None:
        return None if self.counter.topology_key not in node.labels else self.counter.nodes.get(node.name, 0)


class Images(NamedTuple):
    """Bytes of each of these images that the node has."""

    names: tuple[str, ...]

    def of(self, node: NodeInfo) -> tuple[int, ...]:
        return tuple([node.images.get(name, 0) for name in self.names])


class Grouping(NamedTuple):
    """How a rule gives points to groups. ``sources``: what they depend on; (): it gives none, None: it can only do it
    node by node. ``points``: numbers of nodes by trait → weighted points by trait."""

    sources: tuple[Source, ...] | None
    points: Callable[[Mapping[Trait, int]], Mapping[Trait, int]] = dict


class RowGroups:
    """Rows that will do for one kind of pod: by trait and by the table's score. ``sizes``: rows by trait."""

    __slots__ = ("_at", "_next", "buckets", "sizes", "sources")

    def __init__(self, sources: tuple[Source, ...]) -> None:
        self.sources = sources
        self.buckets: dict[Trait, dict[int, list[int]]] = {}
        self.sizes: dict[Trait, int] = {}
        self._next = -1  # the place in the cluster's log of changes up to which this is right
        self._at: list[tuple[Trait, int, int] | None] = []  # of a row: its trait, score and place in the bucket

    def update(self, cluster: Cluster, table: VerdictTable) -> None:
        """``table`` must be as the cluster is now. Whatever sources read of a node, its change is in the log."""
        size = len(cluster.rows)
        changed: Iterable[int] = range(size)
        if self._next >= cluster.forgotten:
            changed = {row for row in cluster.changes[self._next - cluster.forgotten :] if row < size}
        self._next = cluster.moment
        for row in range(size, len(self._at)):
            self._leave(row)
        del self._at[size:]
        self._at += [None] * (size - len(self._at))
        for row in changed:
            if table.verdicts[row] is not None:
                self._leave(row)
            else:
                node = cluster.rows[row]
                self._put(row, tuple([source.of(node) for source in self.sources]), table.scores[row])

    def _put(self, row: int, trait: Trait, score: int) -> None:
        known = self._at[row]
        if known is not None and known[1] == score and known[0] == trait:
            return
        self._leave(row)
        bucket = self.buckets.setdefault(trait, {}).setdefault(score, [])
        self._at[row] = trait, score, len(bucket)
        bucket.append(row)
        self.sizes[trait] = self.sizes.get(trait, 0) + 1

    def _leave(self, row: int) -> None:
        known = self._at[row]
        if known is None:
            return
        trait, score, place = known
        self._at[row] = None
        buckets = self.buckets[trait]
        bucket = buckets[score]
        last = bucket.pop()
        if last != row:  # the last one takes its place
            bucket[place] = last
            self._at[last] = trait, score, place
        if not bucket:
            del buckets[score]
        self.sizes[trait] -= 1
        if not self.sizes[trait]:
            del self.sizes[trait], self.buckets[trait]

    def best(
        self, groupings: Sequence[Grouping], without: frozenset[int] | set[int], fits: Callable[[Trait], bool]
    ) -> list[list[int]]:
        """The buckets that have the rows with most points; empty where none will do. ``groupings`` in the order of the
        sources. ``without``: rows that will not do, which may be in these buckets. ``fits``: whether nodes with a trait
        will do."""
        sizes, gone = dict(self.sizes), self._gone(without)
        for (trait, _), number in gone.items():
            sizes[trait] -= number
        sizes = {trait: size for trait, size in sizes.items() if size and fits(trait)}
        points = _points(groupings, sizes)
        best: list[list[int]] = []
        most = None
        for trait in sizes:
            buckets = self.buckets[trait]
            score = max(buckets)
            if gone:
                score = max(each for each, rows in buckets.items() if len(rows) > gone.get((trait, each), 0))
            total = score + points[trait]
            if most is None or total > most:
                most, best = total, []
            if total == most:
                best.append(buckets[score])
        return best

    def _gone(self, rows: Iterable[int]) -> dict[tuple[Trait, int], int]:
        """How many of these are in each bucket, by trait and score."""
        gone: dict[tuple[Trait, int], int] = {}
        for row in rows:
            known = self._at[row]
            if known is not None:
                gone[known[:2]] = gone.get(known[:2], 0) + 1
        return gone


def _points(groupings: Sequence[Grouping], sizes: Mapping[Trait, int]) -> Mapping[Trait, int]:
    """The sum of what each gives, which reads its own part of a trait."""
    totals = dict.fromkeys(sizes, 0)
    start = 0
    for sources, points in groupings:
        end = start + len(sources or ())
        own: dict[Trait, int] = {}
        for trait, size in sizes.items():
            own[trait[start:end]] = own.get(trait[start:end], 0) + size
        found = points(own)
        for trait in totals:
            totals[trait] += found[trait[start:end]]
        start = end
    return totals


def one_of(buckets: Sequence[Sequence[int]], without: frozenset[int] | set[int], rng: random.Random) -> int:
    """A row at random, each with the same chance; there must be one that is not in ``without``."""
    number = sum(map(len, buckets))
    for _ in range(PROBES):
        row = _at(buckets, rng.randrange(number))
        if row not in without:
            return row
    return rng.choice([row for rows in buckets for row in rows if row not in without])


def _at(buckets: Sequence[Sequence[int]], place: int) -> int:
    for rows in buckets:
        if place < len(rows):
            return rows[place]
        place -= len(rows)
    raise IndexError(place)
