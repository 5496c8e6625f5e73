"""NodeAffinity: nodeSelector, required and preferred node affinity."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec

from sampan.contracts.kinds import Object
from sampan_machinery.selectors import Selector, from_node_term
from sampan_scheduler.nodes import NodeInfo
from sampan_scheduler.pods import PodInfo
from sampan_scheduling.contracts import Verdict

ELSEWHERE = Verdict("node(s) didn't match Pod's node affinity/selector", True)


@lru_cache(maxsize=1024)
def _compiled(expressions: bytes) -> Selector:
    return from_node_term(msgspec.json.decode(expressions))


def term_matches(term: Mapping[str, Any], node: NodeInfo) -> bool:
    """A term with nothing in it matches nothing. Source: core/v1 NodeSelectorTerm."""
    expressions, fields = term.get("matchExpressions"), term.get("matchFields")
    if not expressions and not fields:
        return False
    if expressions and not _compiled(msgspec.json.encode(expressions)).matches(node.labels):
        return False
    return not fields or _compiled(msgspec.json.encode(fields)).matches({"metadata.name": node.name})


def required_matches(pod: PodInfo, node: NodeInfo) -> bool:
    spec = pod.object["spec"]
    for key, value in (spec.get("nodeSelector") or {}).items():
        if node.labels.get(key) != value:
            return False
    required = _node_affinity(spec).get("requiredDuringSchedulingIgnoredDuringExecution")
    if required is None:
        return True
    return any(term_matches(term, node) for term in required.get("nodeSelectorTerms") or ())


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
        matched = sum(int(p["weight"]) for p in preferred if term_matches(p["preference"], node))
        return 100.0 * matched / max(total, 1)
