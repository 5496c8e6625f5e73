"""A decision about a pod and its reasons, with upstream's messages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sampan_scheduling.contracts import Verdict


@dataclass(frozen=True)
class Decision:
    """Where a pod goes (``node`` "" for nowhere) and why no node will do."""

    pod: str  # namespace/name
    uid: str
    node: str
    total: int  # nodes there were
    reasons: dict[str, int] = field(default_factory=dict)  # reason → number of nodes, when there is no node
    refusal: str = ""  # a pre-filter's, against all nodes at once

    def message(self) -> str:
        """``0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint(s).``"""
        if not self.total:
            return "no nodes available to schedule pods"
        texts = sorted(f"{count} {reason}" for reason, count in self.reasons.items() if count)
        return f"0/{self.total} nodes are available: {self.refusal or ', '.join(texts)}."

    def explained(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "pod": self.pod, "uid": self.uid, "node": self.node,
            "nodes": {"total": self.total, "passedOver": self.reasons},
            "message": "" if self.node else self.message(),
        }  # fmt: skip


@dataclass(frozen=True)
class CycleResult:
    """A decision with what the shell needs besides for going on."""

    decision: Decision
    refused: dict[int, Verdict] = field(default_factory=dict)  # by row, when there is no node

    @property
    def plugins(self) -> frozenset[str]:
        """Who refused."""
        return frozenset(verdict.plugin for verdict in self.refused.values())


@dataclass(frozen=True)
class Explanation:
    """What every rule says of every node, for people: by node name, why it will not do, or its points by plugin."""

    refused: dict[str, Verdict]
    points: dict[str, dict[str, float]]

    def ranked(self) -> list[tuple[str, float]]:
        """Nodes that will do with all their points, the best first, equals by name."""
        sums = {name: sum(points.values()) for name, points in self.points.items()}
        return sorted(sums.items(), key=lambda each: (-each[1], each[0]))
