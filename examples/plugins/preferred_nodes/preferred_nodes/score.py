"""The score itself; knows nodes and pods, knows nothing of hooks. It never refuses a node."""

from __future__ import annotations

from sampan.contracts.kinds import Object
from sampan_scheduling.contracts import NodeView, State

MOST = 100.0


class PreferredNodes:
    name = "preferred"

    def __init__(self, label: str, weight: int) -> None:
        self._label = label
        self.weight = weight

    def score(self, state: State, pod: Object, node: NodeView) -> float:
        return points((node.object["metadata"].get("labels") or {}).get(self._label, ""))


def points(value: str) -> float:
    """0 to 100: ``true`` is all of it, a number is itself, anything else is nothing."""
    if value == "true":
        return MOST
    return min(MOST, float(value)) if value.isdecimal() else 0.0
