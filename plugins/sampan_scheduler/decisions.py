"""A decision about a pod and its reasons, with upstream's messages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sampan_scheduling.contracts import Verdict


@dataclass(frozen=True)
class Decision:
    """Where a pod goes (``node`` "" for nowhere) and why the other nodes were passed over."""

    pod: str  # namespace/name
    uid: str
    node: str
    total: int  # nodes there were
    feasible: int
    score: float = 0.0
    points: dict[str, float] = field(default_factory=dict)  # of the chosen node, by rule
    reasons: dict[str, int] = field(default_factory=dict)  # reason → number of nodes
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
            "pod": self.pod, "uid": self.uid, "node": self.node, "score": self.score, "points": self.points,
            "nodes": {"total": self.total, "feasible": self.feasible, "passedOver": self.reasons},
            "message": "" if self.node else self.message(),
        }  # fmt: skip


@dataclass(frozen=True)
class CycleResult:
    """A decision with what the shell needs besides for going on."""

    decision: Decision
    refused: dict[int, Verdict] = field(default_factory=dict)  # by row, when there is no node
