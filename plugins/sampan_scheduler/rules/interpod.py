"""InterPodAffinity: near to, or away from, other pods; also what placed pods require of newcomers."""

from __future__ import annotations

from collections.abc import Iterator

from sampan_scheduler.cycle_types import Refusal, Requirement, Scores
from sampan_scheduler.nodes import Cluster
from sampan_scheduler.pods import PodInfo
from sampan_scheduling.contracts import Verdict

NOT_NEAR = Verdict("node(s) didn't match pod affinity rules", True)
TOO_NEAR = Verdict("node(s) didn't match pod anti-affinity rules")
UNWANTED = Verdict("node(s) didn't satisfy existing pods anti-affinity rules")


class InterPodAffinity:
    name = "InterPodAffinity"
    weight = 2
    local = False

    def refusals(self, pod: PodInfo, cluster: Cluster) -> Iterator[Refusal | Requirement]:
        """In upstream's order, which decides what users are told."""
        near = [(term, cluster.counter(term.topology_key, term.namespaces, term.selector)) for term in pod.affinity]
        first = (
            near and not any(c.total for _, c in near) and all(t.matches(pod.namespace, pod.labels) for t, _ in near)
        )
        for term, counter in near:
            # The first of a group that wants to be near itself may go anywhere that has the label.
            yield Requirement(term.topology_key, None if first else _occupied(counter.counts), NOT_NEAR)
        for term in pod.anti_affinity:
            counts = cluster.counter(term.topology_key, term.namespaces, term.selector).counts
            yield Refusal(term.topology_key, _occupied(counts), TOO_NEAR)
        for counter in cluster.held_against(pod):
            yield Refusal(counter.topology_key, _occupied(counter.counts), UNWANTED)

    def scores(self, pod: PodInfo, cluster: Cluster) -> Iterator[Scores]:
        total = sum(abs(term.weight) for term in pod.prefers)
        for term in pod.prefers:
            counts = cluster.counter(term.topology_key, term.namespaces, term.selector).counts
            most = max(counts.values(), default=0)
            if most:
                by_domain = {domain: 100.0 * term.weight / total * count / most for domain, count in counts.items()}
                yield Scores(term.topology_key, by_domain, otherwise=0.0, missing=0.0, weight=self.weight)


def _occupied(counts: dict[str, int]) -> set[str]:
    return {domain for domain, count in counts.items() if count > 0}
