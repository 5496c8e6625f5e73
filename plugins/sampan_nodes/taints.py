"""The rule TaintNodesByCondition: a new node is tainted as not ready, so that no pod is scheduled to it before the node
life cycle has seen that it is. Source: upstream's admission controller of this name."""

from __future__ import annotations

from sampan.contracts.admission import Review
from sampan_nodes.lifecycle import NOT_READY

EFFECT = "NoSchedule"


class TaintNodesByCondition:
    name = "TaintNodesByCondition"
    operations = frozenset({"CREATE"})
    resources = frozenset({"nodes"})
    subresources = frozenset({""})
    mutates = True
    priority = 250

    def admit(self, review: Review) -> None:
        if review.object is None:
            return
        spec = review.object.setdefault("spec", {})
        taints = spec.get("taints") or []
        if not any((taint.get("key"), taint.get("effect")) == (NOT_READY, EFFECT) for taint in taints):
            spec["taints"] = [*taints, {"key": NOT_READY, "effect": EFFECT}]
