"""PodTopologySpread: no domain gets ahead of the others by more than a pod allows (KEP-895)."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sampan_scheduler.counters import CounterKey, DomainCounter
from sampan_scheduler.cycle_types import Refusal
from sampan_scheduler.groups import Count, Domain, Grouping, Source, Trait
from sampan_scheduler.nodes import Cluster, NodeInfo
from sampan_scheduler.pods import HOSTNAME, PodInfo, Spread
from sampan_scheduler.rules.node_affinity import required_matches
from sampan_scheduler.rules.node_state import tolerated
from sampan_scheduling.contracts import Verdict

NAME = "PodTopologySpread"
SKEWED = Verdict("node(s) didn't match pod topology spread constraints", plugin=NAME)
NO_LABEL = Verdict("node(s) didn't match pod topology spread constraints (missing required label)", True, plugin=NAME)


class Eligible(NamedTuple):
    """Which nodes count for a constraint: ``domains`` they are in, and the names of those that do not count."""

    domains: frozenset[str | None]
    excluded: frozenset[str]


class TopologySpread:
    name = NAME
    local = False

    def __init__(self) -> None:
        self._eligible: dict[tuple[object, ...], tuple[int, Eligible]] = {}

    def refusals(self, pod: PodInfo, cluster: Cluster) -> Iterator[Refusal]:
        """Domains where one more would be too many."""
        hard = [constraint for constraint in pod.spread if constraint.hard]
        for constraint in hard:
            key = constraint.topology_key
            eligible = self._nodes(pod, constraint, hard, cluster)
            counts = _counts(_counter(pod, constraint, cluster), eligible, cluster)
            domains = eligible.domains
            least = 0  # where a domain is empty, or there are too few
            if len(counts) >= len(domains) >= constraint.min_domains:
                least = min((counts.get(domain, 0) for domain in domains), default=0)
            most = least + constraint.max_skew - constraint.counts_itself
            yield Refusal(key, {domain for domain, count in counts.items() if count > most}, SKEWED, missing=NO_LABEL)

    def scores(self, pod: PodInfo, cluster: Cluster, rows: Sequence[int], weight: int = 1) -> list[int] | None:
        """0 to 100 (times ``weight``), more for emptier domains, for ScheduleAnyway constraints; 0 where a
        label is missing."""
        soft = [constraint for constraint in pod.spread if not constraint.hard]
        if not soft:
            return None
        columns = [cluster.domains(constraint.topology_key) for constraint in soft]
        left_out: set[int] = set()
        if not pod.spreads_by_default:
            left_out = {row for column in columns if None in column for row in rows if column[row] is None}
        among = [row for row in rows if row not in left_out] if left_out else rows
        parts = [
            self._part(pod, each, soft, cluster, len(among) if each.topology_key == HOSTNAME
                       else len(set(cluster.domains_of(each.topology_key, among))))
            for each in soft
        ]  # fmt: skip
        raw = _raw(soft, parts, columns, cluster, among)
        if not raw:
            return [0] * len(rows)
        points = _shares(set(raw), weight)
        if not left_out:
            return list(map(points.__getitem__, raw))
        by_row = dict(zip(among, raw, strict=True))
        return [points[by_row[row]] if row in by_row else 0 for row in rows]

    def grouping(self, pod: PodInfo, cluster: Cluster, weight: int = 1) -> Grouping:
        """The same points for groups of nodes: by domain, and by the pods of the kind on the node itself."""
        soft = [constraint for constraint in pod.spread if not constraint.hard]
        sources = tuple(_source(pod, each, cluster) for each in soft)

        def points(sizes: Mapping[Trait, int]) -> Mapping[Trait, int]:
            among = sizes if pod.spreads_by_default else {each: n for each, n in sizes.items() if None not in each}
            number = sum(among.values())
            parts = []
            for place, constraint in enumerate(soft):
                by_node = constraint.topology_key == HOSTNAME
                domains = number if by_node else len({trait[place] for trait in among})
                parts.append(self._part(pod, constraint, soft, cluster, domains))
            raw = {trait: _value(soft, parts, trait) for trait in among}
            found = _shares(set(raw.values()), weight)
            return {trait: found[raw[trait]] if trait in raw else 0 for trait in sizes}

        return Grouping(sources, points)

    def _part(
        self, pod: PodInfo, constraint: Spread, soft: Sequence[Spread], cluster: Cluster, domains: int
    ) -> Part:  # fmt: skip
        """``domains``: how many of them, or nodes where each is one, the nodes that will do are in."""
        counter = _counter(pod, constraint, cluster)
        if constraint.topology_key == HOSTNAME:
            return Part(math.log(domains + 2), counter.nodes)
        eligible = self._nodes(pod, constraint, () if pod.spreads_by_default else soft, cluster)
        return Part(math.log(domains + 2), _counts(counter, eligible, cluster))

    def _nodes(self, pod: PodInfo, constraint: Spread, together: Sequence[Spread], cluster: Cluster) -> Eligible:
        """Nodes that count: the pod could use them at all, and they have the labels of all constraints ``together``."""
        keys = frozenset(each.topology_key for each in together)
        policies = constraint.honor_affinity, constraint.honor_taints
        known_as = (pod.signature, constraint.topology_key, keys, policies)
        known = self._eligible.get(known_as)
        if known and known[0] == cluster.version:
            return known[1]
        if len(self._eligible) > 500:
            self._eligible.clear()
        domains, excluded = set(), set()
        for node in cluster.nodes():
            if all(key in node.labels for key in keys) and _usable(pod, constraint, node):
                domains.add(node.labels.get(constraint.topology_key))
            else:
                excluded.add(node.name)
        found = Eligible(frozenset(domains), frozenset(excluded))
        self._eligible[known_as] = (cluster.version, found)
        return found


class Part(NamedTuple):
    """What one constraint adds to a node's score: ``weight`` for each pod in its domain (or on the node itself)."""

    weight: float
    counts: Mapping[Any, int]


def _raw(
    soft: Sequence[Spread], parts: Sequence[Part], columns: Sequence[list[str | None]], cluster: Cluster,
    rows: Sequence[int],
) -> list[int]:  # fmt: skip
    """Pods in the domains of each node, weighted; lower is better. Most nodes hold no pod of the kind, so that the
    value is computed for each combination of domains, and by node only for those that hold some."""
    hosts = [number for number, each in enumerate(soft) if each.topology_key == HOSTNAME]

    def value(row: int, *, empty: bool) -> int:
        score = 0.0
        for number, (constraint, part) in enumerate(zip(soft, parts, strict=True)):
            domain = columns[number][row]
            if domain is None:
                continue
            if number in hosts:
                count = 0 if empty else part.counts.get(cluster.rows[row].name, 0)
            else:
                count = part.counts.get(domain, 0)
            score += count * part.weight + (constraint.max_skew - 1)
        return int(score + 0.5)

    unlabelled = any(None in columns[number] for number in hosts)
    if len(soft) - len(hosts) > 1 or unlabelled:
        found = [value(row, empty=True) for row in rows]
    else:
        key = next((each.topology_key for number, each in enumerate(soft) if number not in hosts), None)
        domains = cluster.domains_of(key, rows) if key else [None] * len(rows)
        known: dict[str | None, int] = {}
        for domain, row in dict(zip(domains, rows, strict=True)).items():
            known[domain] = value(row, empty=True)
        found = list(map(known.__getitem__, domains))
    for name in {name for number in hosts for name in parts[number].counts}:
        row = cluster.by_name[name].row
        place = bisect_left(rows, row)
        if place < len(rows) and rows[place] == row:
            found[place] = value(row, empty=False)
    return found


def _source(pod: PodInfo, constraint: Spread, cluster: Cluster) -> Source:
    if constraint.topology_key == HOSTNAME:
        return Count(_counter(pod, constraint, cluster))
    return Domain(constraint.topology_key)


def _value(soft: Sequence[Spread], parts: Sequence[Part], trait: Trait) -> int:
    """As in ``_raw``, for a group of nodes: of each constraint it has the domain, or the pods of a node."""
    score = 0.0
    for constraint, part, said in zip(soft, parts, trait, strict=True):
        if said is not None:
            count = said if constraint.topology_key == HOSTNAME else part.counts.get(said, 0)
            score += count * part.weight + (constraint.max_skew - 1)
    return int(score + 0.5)


def _shares(raw: set[int], weight: int) -> dict[int, int]:
    """Weighted points by value: 100 for the lowest."""
    least, most = min(raw, default=0), max(raw, default=0)
    return {value: weight * (100 if not most else 100 * (most + least - value) // most) for value in raw}


def _counter(pod: PodInfo, constraint: Spread, cluster: Cluster) -> DomainCounter:
    scope = (frozenset((pod.namespace,)), constraint.selector)
    return cluster.counter(CounterKey(constraint.topology_key, (scope,), live=True))


def _counts(counter: DomainCounter, eligible: Eligible, cluster: Cluster) -> Mapping[Any, int]:
    """By domain, without the pods on nodes that do not count."""
    outside = eligible.excluded and [name for name in counter.nodes if name in eligible.excluded]
    if not outside:
        return counter.counts
    counts: dict[Any, int] = dict(counter.counts)
    for name in outside:
        domain = cluster.by_name[name].labels.get(counter.topology_key)
        counts[domain] -= counter.nodes[name]
        if not counts[domain]:
            del counts[domain]
    return counts


def _usable(pod: PodInfo, constraint: Spread, node: NodeInfo) -> bool:
    if constraint.honor_affinity and not required_matches(pod, node):
        return False
    if constraint.honor_taints:
        hard = [t for t in node.taints if t.get("effect") in ("NoSchedule", "NoExecute")]
        return all(tolerated(pod, taint) for taint in hard)
    return True
