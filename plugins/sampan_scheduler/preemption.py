"""Preemption: which pods of lower priority have to be removed so that a pod fits. Source: upstream's preemption rules.

It names a node and its victims; evicting them is the shell's. Victims are as few and as unimportant as possible.
Candidates are tried on the Cluster itself, which is restored afterwards. PodDisruptionBudgets are not
considered."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable, Mapping
from typing import NamedTuple

from sampan_scheduler.nodes import Cluster, NodeInfo
from sampan_scheduler.pods import PodInfo
from sampan_scheduling.contracts import Verdict

#: So many candidates are enough to choose from, or a tenth of the nodes where that is more (upstream's numbers).
ENOUGH = 100
NO_VICTIMS = "No preemption victims found for incoming pod"
NOT_HELPFUL = "Preemption is not helpful for scheduling"

Fits = Callable[[PodInfo, NodeInfo], bool]


class PreemptionResult(NamedTuple):
    """A node to clear, "" where clearing helps nowhere; ``why`` says that in upstream's words."""

    node: str = ""
    victims: tuple[PodInfo, ...] = ()
    why: str = ""


def make_room(pod: PodInfo, cluster: Cluster, refused: Mapping[int, Verdict], fits: Fits) -> PreemptionResult:
    """The best node to clear for a pod that every node has refused."""
    if pod.object["spec"].get("preemptionPolicy") == "Never":
        return PreemptionResult(why="not eligible due to preemptionPolicy=Never.")
    found: list[PreemptionResult] = []
    reasons: Tally[str] = Tally()
    if cluster.has_lower(pod.priority):
        enough = max(ENOUGH, len(cluster) // 10)
        for row, verdict in refused.items():
            room = None if verdict.unresolvable else _clear(pod, cluster.rows[row], cluster, fits)
            if isinstance(room, PreemptionResult):
                found.append(room)
                if len(found) >= enough:
                    break
            elif room is None:
                reasons[NOT_HELPFUL] += 1
            else:
                reasons.update((verdict.reason, *verdict.more) if room else (NO_VICTIMS,))
    else:
        hopeless = sum(verdict.unresolvable for verdict in refused.values())
        reasons.update({NOT_HELPFUL: hopeless, NO_VICTIMS: len(refused) - hopeless})
    if found:
        return min(found, key=_cost)
    texts = sorted(f"{count} {reason}" for reason, count in reasons.items() if count)
    return PreemptionResult(why=f"0/{len(cluster)} nodes are available: {', '.join(texts)}.")


def _clear(pod: PodInfo, node: NodeInfo, cluster: Cluster, fits: Fits) -> PreemptionResult | bool:
    """Room; True: there are victims but that is not enough; False: there are none."""
    # Important ones are put back first, so that those which stay out are the least important.
    lower = sorted(
        (info for info in node.members.values() if info.priority < pod.priority),
        key=lambda info: (-info.priority, _started(info)),
    )
    if not lower:
        return False
    for info in lower:
        cluster.remove_pod(info.uid)
    victims: list[PodInfo] = []
    try:
        if not fits(pod, node):
            return True
        for info in lower:
            cluster.add_pod(info, node.name)
            if not fits(pod, node):
                cluster.remove_pod(info.uid)
                victims.append(info)
    finally:
        for info in lower:
            if info.uid not in node.members:
                cluster.add_pod(info, node.name)
    return PreemptionResult(node.name, tuple(victims)) if victims else True


def _started(info: PodInfo) -> str:
    return str((info.object.get("status") or {}).get("startTime") or "~")  # not started: after all that have


def _cost(room: PreemptionResult) -> tuple[int, int, int]:
    """Lowest highest priority first, then the sum of priorities, then the number of victims."""
    priorities = [victim.priority for victim in room.victims]
    return max(priorities), sum(priorities), len(priorities)
