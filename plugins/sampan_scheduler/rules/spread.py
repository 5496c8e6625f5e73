"""PodTopologySpread: no domain gets ahead of the others by more than a pod allows (KEP-895)."""

from __future__ import annotations

from collections.abc import Iterator

from sampan_scheduler.cycle_types import Refusal, Scores
from sampan_scheduler.nodes import Cluster, NodeInfo
from sampan_scheduler.pods import PodInfo, Spread
from sampan_scheduler.rules.node_affinity import required_matches
from sampan_scheduler.rules.node_state import tolerated
from sampan_scheduling.contracts import Verdict

SKEWED = Verdict("node(s) didn't match pod topology spread constraints")
NO_LABEL = Verdict("node(s) didn't match pod topology spread constraints (missing required label)", True)


class TopologySpread:
    name = "PodTopologySpread"
    weight = 2
    local = False

    def __init__(self) -> None:
        self._eligible: dict[tuple[bytes, str], tuple[int, frozenset[str]]] = {}

    def refusals(self, pod: PodInfo, cluster: Cluster) -> Iterator[Refusal]:
        """Domains where one more would be too many."""
        for constraint in pod.spread:
            if not constraint.hard:
                continue
            key = constraint.topology_key
            domains = self._domains(pod, constraint, cluster)
            counts = cluster.counter(key, frozenset((pod.namespace,)), constraint.selector).counts
            least = min((counts.get(domain, 0) for domain in domains), default=0)
            if len(domains) < constraint.min_domains:
                least = 0
            own = 1 if constraint.selector.matches(pod.labels) else 0
            most = least + constraint.max_skew - own
            full = {domain for domain, count in counts.items() if count > most} if most >= 0 else set(domains)
            yield Refusal(key, full, SKEWED, missing=NO_LABEL)

    def scores(self, pod: PodInfo, cluster: Cluster) -> Iterator[Scores]:
        """Emptier domains score higher, for ScheduleAnyway constraints."""
        for constraint in pod.spread:
            if constraint.hard:
                continue
            counts = cluster.counter(constraint.topology_key, frozenset((pod.namespace,)), constraint.selector).counts
            most = max(counts.values(), default=0)
            if most:
                by_domain = {domain: 100.0 * (most - count) / most for domain, count in counts.items()}
                yield Scores(constraint.topology_key, by_domain, otherwise=100.0, missing=0.0, weight=self.weight)

    def _domains(self, pod: PodInfo, constraint: Spread, cluster: Cluster) -> frozenset[str]:
        """Domains that count for the minimum: those with a node the pod could use at all."""
        key = (pod.signature, constraint.topology_key)
        known = self._eligible.get(key)
        if known and known[0] == cluster.version:
            return known[1]
        if len(self._eligible) > 500:
            self._eligible.clear()
        found = frozenset(
            node.labels[constraint.topology_key] for node in cluster.nodes()
            if constraint.topology_key in node.labels and _counts(pod, constraint, node)
        )  # fmt: skip
        self._eligible[key] = (cluster.version, found)
        return found


def _counts(pod: PodInfo, constraint: Spread, node: NodeInfo) -> bool:
    if constraint.honor_affinity and not required_matches(pod, node):
        return False
    if constraint.honor_taints:
        hard = [t for t in node.taints if t.get("effect") in ("NoSchedule", "NoExecute")]
        return all(tolerated(pod, taint) for taint in hard)
    return True
