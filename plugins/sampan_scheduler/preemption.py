"""Making room: which pods of lower priority would have to go so that a pod fits. Source: upstream's preemption rules.

Pure: it names a node and its victims; evicting them is the shell's. Victims are as few and as unimportant as possible.
PodDisruptionBudgets are not looked at (they do not exist here yet).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from sampan_scheduler.nodes import Cluster, Node
from sampan_scheduler.pods import PodInfo


class Room(NamedTuple):
    node: str
    victims: tuple[PodInfo, ...]


def make_room(
    pod: PodInfo, cluster: Cluster, names: Sequence[str], fits: Callable[[PodInfo, Node], bool]
) -> Room | None:
    """The best node to clear, None where clearing helps nowhere. A pod with preemptionPolicy Never clears nothing."""
    if pod.object["spec"].get("preemptionPolicy") == "Never":
        return None
    found = [room for name in names if (room := _clear(pod, cluster.by_name[name], fits))]
    return min(found, key=_cost, default=None)


def _clear(pod: PodInfo, node: Node, fits: Callable[[PodInfo, Node], bool]) -> Room | None:
    lower = [info for info in node.members.values() if info.priority < pod.priority]
    if not lower:
        return None
    for info in lower:
        node.add(info, -1)
    try:
        if not fits(pod, node):
            return None
        victims = []
        # Important ones are put back first, so that those which stay out are the least important.
        for info in sorted(lower, key=lambda info: (-info.priority, _started(info))):
            node.add(info)
            if not fits(pod, node):
                node.add(info, -1)
                victims.append(info)
        return Room(node.name, tuple(victims)) if victims else None
    finally:
        for info in lower:
            if info.uid not in node.members:
                node.add(info)


def _started(info: PodInfo) -> str:
    return str((info.object.get("status") or {}).get("startTime") or "")


def _cost(room: Room) -> tuple[int, int, int]:
    """Lowest highest priority first, then the sum of priorities, then the number of victims."""
    priorities = [victim.priority for victim in room.victims]
    return max(priorities), sum(priorities), len(priorities)
