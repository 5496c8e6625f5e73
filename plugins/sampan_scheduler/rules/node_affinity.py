"""NodeAffinity: nodeSelector, required and preferred node affinity."""

from __future__ import annotations

from sampan.contracts.kinds import Object
from sampan_podspec import node_affinity
from sampan_scheduler.nodes import NodeInfo
from sampan_scheduler.pods import PodInfo
from sampan_scheduling.contracts import Verdict

ELSEWHERE = Verdict("node(s) didn't match Pod's node affinity/selector", True)


def required_matches(pod: PodInfo, node: NodeInfo) -> bool:
    return node_affinity.required_matches(pod.object["spec"], node.labels, node.name)


def _node_affinity(spec: Object) -> Object:
    return (spec.get("affinity") or {}).get("nodeAffinity") or {}


class NodeAffinity:
    name = "NodeAffinity"
    weight = 2
    local = True

    def filter(self, pod: PodInfo, node: NodeInfo) -> Verdict | None:
        return None if required_matches(pod, node) else ELSEWHERE

    def score(self, pod: PodInfo, node: NodeInfo) -> float:
        preferred = _node_affinity(pod.object["spec"]).get("preferredDuringSchedulingIgnoredDuringExecution")
        if not preferred:
            return 0.0
        total = sum(int(p["weight"]) for p in preferred)
        matched = sum(
            int(p["weight"]) for p in preferred if node_affinity.term_matches(p["preference"], node.labels, node.name)
        )
        return 100.0 * matched / max(total, 1)
