"""NodeAffinity: nodeSelector, required and preferred node affinity."""

from __future__ import annotations

from collections.abc import Iterable

from sampan.contracts.kinds import Object
from sampan_podspec import node_affinity
from sampan_scheduler.nodes import NodeInfo
from sampan_scheduler.pods import PREFERRED, REQUIRED, PodInfo
from sampan_scheduling.contracts import Verdict

NAME = "NodeAffinity"
ELSEWHERE = Verdict("node(s) didn't match Pod's node affinity/selector", True, plugin=NAME)
ENFORCED = Verdict("node(s) didn't match scheduler-enforced node affinity", True, plugin=NAME)
CONFLICT = Verdict("pod affinity terms conflict", True, plugin=NAME)
NOT_NAMED = Verdict(f"node(s) didn't satisfy plugin(s) [{NAME}]", True, plugin=NAME)


def required_matches(pod: PodInfo, node: NodeInfo) -> bool:
    return node_affinity.required_matches(pod.object["spec"], node.labels, node.name)


class NodeAffinity:
    """``added``: a NodeAffinity that the profile adds to every pod's own (NodeAffinityArgs)."""

    name = NAME
    local = True
    reverse = False

    def __init__(self, added: Object | None = None) -> None:
        added = added or {}
        self._enforced: list[Object] | None = (added.get(REQUIRED) or {}).get("nodeSelectorTerms")
        self._preferred: list[Object] = added.get(PREFERRED) or []

    def filters(self, pod: PodInfo) -> bool:
        spec = pod.object["spec"]
        return self._enforced is not None or bool(spec.get("nodeSelector") or REQUIRED in _own(pod))

    def gives_points(self, pod: PodInfo) -> bool:
        return bool(self._preferred or _own(pod).get(PREFERRED))

    def filter(self, pod: PodInfo, node: NodeInfo) -> Verdict | None:
        if self._enforced is not None and not any(
            node_affinity.term_matches(term, node.labels, node.name) for term in self._enforced
        ):
            return ENFORCED
        return None if required_matches(pod, node) else ELSEWHERE

    def raw(self, pod: PodInfo, node: NodeInfo) -> int:
        """The weight of all preferred terms that match."""
        return _weight(self._preferred, node) + _weight(_own(pod).get(PREFERRED) or (), node)


def _own(pod: PodInfo) -> Object:
    return (pod.object["spec"].get("affinity") or {}).get("nodeAffinity") or {}


def _weight(preferred: Iterable[Object], node: NodeInfo) -> int:
    return sum(
        int(each["weight"]) for each in preferred
        if node_affinity.term_matches(each["preference"], node.labels, node.name)
    )  # fmt: skip
