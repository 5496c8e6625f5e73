"""InterPodAffinity: near to, or away from, other pods; also what placed pods require of newcomers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from operator import add

from sampan_scheduler.counters import CounterKey
from sampan_scheduler.cycle_types import Refusal, Requirement
from sampan_scheduler.groups import Domain, Grouping, Trait
from sampan_scheduler.nodes import Cluster
from sampan_scheduler.pods import HOSTNAME, PodInfo, Term
from sampan_scheduling.contracts import Verdict

NAME = "InterPodAffinity"
NOT_NEAR = Verdict("node(s) didn't match pod affinity rules", True, plugin=NAME)
TOO_NEAR = Verdict("node(s) didn't match pod anti-affinity rules", plugin=NAME)
UNWANTED = Verdict("node(s) didn't satisfy existing pods anti-affinity rules", plugin=NAME)


class InterPodAffinity:
    """``hard_weight``: what a placed pod's required affinity counts for. ``ignore_placed``: preferences of placed pods
    do not count for pods that have none themselves."""

    name = NAME
    local = False

    def __init__(self, hard_weight: int = 1, *, ignore_placed: bool = False) -> None:
        self._hard_weight = hard_weight
        self._ignore_placed = ignore_placed

    def refusals(self, pod: PodInfo, cluster: Cluster) -> Iterator[Refusal | Requirement]:
        """In upstream's order, which decides what users are told."""
        if pod.affinity:
            # A pod counts as near only if all terms match it.
            scopes = tuple((term.namespaces, term.selector) for term in pod.affinity)
            near = [cluster.counter(CounterKey(term.topology_key, scopes)) for term in pod.affinity]
            # The first of a group that wants to be near itself may go anywhere that has the labels.
            first = not any(counter.total for counter in near) and all(
                term.matches(pod.namespace, pod.labels) for term in pod.affinity
            )
            for counter in near:
                yield Requirement(counter.topology_key, None if first else counter.counts, NOT_NEAR)
        for term in pod.anti_affinity:
            yield Refusal(term.topology_key, cluster.counter(_key(term)).counts, TOO_NEAR)
        for counter in cluster.forbidding(pod):
            yield Refusal(counter.topology_key, counter.counts, UNWANTED)

    def scores(self, pod: PodInfo, cluster: Cluster, rows: Sequence[int], weight: int = 1) -> list[int] | None:
        """0 to 100 (times ``weight``) between the worst and the best of these nodes; None: no preference applies."""
        sums = self._sums(pod, cluster)
        if not sums or not rows:
            return [0] * len(rows) if sums else None
        raw: list[int] = []
        for key, by_domain in sums.items():
            domains = cluster.domains_of(key, rows)
            values = [by_domain.get(domain, 0) for domain in domains]
            raw = list(map(add, raw, values)) if raw else values
        least, most = min(raw), max(raw)
        if least == most:
            return None
        points = {value: weight * int(100.0 * ((value - least) / (most - least))) for value in set(raw)}
        return list(map(points.__getitem__, raw))

    def grouping(self, pod: PodInfo, cluster: Cluster, weight: int = 1) -> Grouping:
        """The same points for groups of nodes, unless each node is a domain of its own."""
        sums = self._sums(pod, cluster)
        if HOSTNAME in sums:
            return Grouping(None)

        def points(sizes: Mapping[Trait, int]) -> Mapping[Trait, int]:
            by_domain = list(sums.values())
            raw = {trait: sum(map(_of, by_domain, trait)) for trait in sizes}
            least, most = min(raw.values(), default=0), max(raw.values(), default=0)
            if least == most:
                return dict.fromkeys(sizes, 0)
            return {trait: weight * int(100.0 * ((value - least) / (most - least))) for trait, value in raw.items()}

        return Grouping(tuple(map(Domain, sums)), points)

    def _sums(self, pod: PodInfo, cluster: Cluster) -> dict[str, dict[str | None, int]]:
        """Weight by topology key and domain."""
        sums: dict[str, dict[str | None, int]] = {}
        if self._ignore_placed and not pod.prefers:
            return sums
        found = [(cluster.counter(_key(term)), term.weight) for term in pod.prefers]
        found += [(counter, 1) for counter in cluster.preferring(pod)]
        if self._hard_weight:
            found += [(counter, self._hard_weight) for counter in cluster.requiring(pod)]
        for counter, weight in found:
            if counter.counts:
                by_domain = sums.setdefault(counter.topology_key, {})
                for domain, count in counter.counts.items():
                    by_domain[domain] = by_domain.get(domain, 0) + weight * count
        return sums


def _of(by_domain: Mapping[str | None, int], domain: str | None) -> int:
    return by_domain.get(domain, 0)


def _key(term: Term) -> CounterKey:
    return CounterKey(term.topology_key, ((term.namespaces, term.selector),))
