"""Preemption: which pods of lower priority have to be removed so that a pod fits. Source: upstream's preemption rules.

It names a node and its victims; evicting them is the shell's. Victims are as few and as unimportant as possible, and
of pods that a PodDisruptionBudget protects as few as possible. Candidates are tried on the Cluster itself, which is
restored afterwards.
"""

from __future__ import annotations

import random
from collections import Counter as Tally
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sampan.contracts.kinds import Object
from sampan_machinery.selectors import Selector, from_object
from sampan_scheduler.nodes import Cluster, NodeInfo
from sampan_scheduler.pods import PodInfo
from sampan_scheduler.profiles import Candidates
from sampan_scheduling.contracts import Verdict

NO_VICTIMS = "No preemption victims found for incoming pod"
NOT_HELPFUL = "Preemption is not helpful for scheduling"
TERMINATING = "not eligible due to a terminating pod on the nominated node."
REASON = "PreemptionByScheduler"

Fits = Callable[[PodInfo, NodeInfo], bool]


class Budget(NamedTuple):
    """A PodDisruptionBudget: how many of its pods may go. Those in ``disrupted`` are counted already."""

    namespace: str
    selector: Selector
    allowed: int
    disrupted: frozenset[str]


class PreemptionResult(NamedTuple):
    """A node to clear, "" where clearing helps nowhere; ``why`` says that in upstream's words. ``keeps``: the node
    that is nominated already stays so."""

    node: str = ""
    victims: tuple[PodInfo, ...] = ()
    why: str = ""
    violations: int = 0  # victims that their budgets do not allow to go
    keeps: bool = False
    #: All that were found, this one among them, for extenders to choose from.
    candidates: tuple[Any, ...] = ()


def read_budgets(budgets: Sequence[Object]) -> list[Budget]:
    """Those that select pods at all."""
    found = []
    for each in budgets:
        selector, status = from_object(each["spec"].get("selector")), each.get("status") or {}
        if not selector.empty and not selector.nothing:
            allowed, disrupted = status.get("disruptionsAllowed") or 0, frozenset(status.get("disruptedPods") or ())
            found.append(Budget(each["metadata"]["namespace"], selector, allowed, disrupted))
    return found


def not_eligible(pod: PodInfo, cluster: Cluster, refused: Mapping[int, Verdict]) -> str:
    """Why the pod may not preempt now, "" if it may."""
    if pod.object["spec"].get("preemptionPolicy") == "Never":
        return "not eligible due to preemptionPolicy=Never."
    nominated = (pod.object.get("status") or {}).get("nominatedNodeName") or cluster.nomination(pod.uid)
    node = cluster.by_name.get(nominated)
    if node is None or (node.row in refused and refused[node.row].unresolvable):
        return ""
    ending = any(info.priority < pod.priority and _is_preempted(info) for info in node.members.values())
    return TERMINATING if ending else ""


def make_room(
    pod: PodInfo, cluster: Cluster, refused: Mapping[int, Verdict], fits: Fits, *,
    budgets: Callable[[], Sequence[Budget]] = tuple, candidates: Candidates = Candidates(),  # noqa: B008
    rng: random.Random | None = None,
) -> PreemptionResult:  # fmt: skip
    """The best node to clear for a pod that every node has refused."""
    why = not_eligible(pod, cluster, refused)
    if why:
        return PreemptionResult(why=why, keeps=True)
    found: list[PreemptionResult] = []
    reasons: Tally[str] = Tally()
    possible = [row for row, verdict in refused.items() if not verdict.unresolvable]
    reasons[NOT_HELPFUL] = len(refused) - len(possible)
    if possible and cluster.has_lower(pod.priority):
        known = budgets()
        enough = min(len(possible), max(candidates.least, len(possible) * candidates.percentage // 100))
        start = rng.randrange(len(possible)) if rng is not None else 0
        for row in (*possible[start:], *possible[:start]):
            room = _clear(pod, cluster.rows[row], cluster, fits, known)
            if isinstance(room, PreemptionResult):
                found.append(room)
                if len(found) >= enough and any(not each.violations for each in found):
                    break
            else:
                reasons.update((refused[row].reason, *refused[row].more) if room else (NO_VICTIMS,))
    else:
        reasons[NO_VICTIMS] = len(possible)
    if found:
        return best(found)._replace(candidates=tuple(found))
    texts = sorted(f"{count} {reason}" for reason, count in reasons.items() if count)
    return PreemptionResult(why=f"0/{len(cluster)} nodes are available: {', '.join(texts)}.")


def best(found: Sequence[PreemptionResult]) -> PreemptionResult:
    """In this order: fewest broken budgets, lowest highest priority, lowest sum of priorities, fewest victims, and the
    latest start of the victims of the highest priority; the first of equals."""
    least = min(map(_cost, found))
    return max((room for room in found if _cost(room) == least), key=_earliest_start)


def _clear(
    pod: PodInfo, node: NodeInfo, cluster: Cluster, fits: Fits, budgets: Sequence[Budget]
) -> PreemptionResult | bool:
    """Room; True: there are victims but that is not enough; False: there are none."""
    # Important ones are put back first, so that those which stay out are the least important.
    lower = sorted(
        (info for info in node.members.values() if info.priority < pod.priority),
        key=lambda info: (-info.priority, _started(info)),
    )
    if not lower:
        return False
    protected = _protected(lower, budgets)
    for info in lower:
        cluster.remove_pod(info.uid)
    victims: list[PodInfo] = []
    try:
        if not fits(pod, node):
            return True
        for info in sorted(lower, key=lambda info: info.uid not in protected):  # stable: by importance in each half
            cluster.add_pod(info, node.name)
            if not fits(pod, node):
                cluster.remove_pod(info.uid)
                victims.append(info)
    finally:
        for info in lower:
            if info.uid not in node.members:
                cluster.add_pod(info, node.name)
    if not victims:
        return True
    victims.sort(key=lambda info: (-info.priority, _started(info)))
    return PreemptionResult(node.name, tuple(victims), violations=sum(info.uid in protected for info in victims))


def _protected(pods: Sequence[PodInfo], budgets: Sequence[Budget]) -> set[str]:
    """The uids of pods whose eviction would break a budget, if those before them go too."""
    allowed = [budget.allowed for budget in budgets]
    found = set()
    for info in pods:
        for place, budget in enumerate(budgets):
            if info.namespace != budget.namespace or not info.labels or not budget.selector.matches(info.labels):
                continue
            if info.name in budget.disrupted:
                continue
            allowed[place] -= 1
            if allowed[place] < 0:
                found.add(info.uid)
    return found


def _started(info: PodInfo) -> str:
    return str((info.object.get("status") or {}).get("startTime") or "~")  # not started: after all that have


def _earliest_start(room: PreemptionResult) -> str:
    """Of the victims of the highest priority."""
    highest = max(victim.priority for victim in room.victims)
    return min(_started(victim) for victim in room.victims if victim.priority == highest)


def _cost(room: PreemptionResult) -> tuple[int, int, int, int]:
    priorities = [victim.priority for victim in room.victims]
    # Each counts for at least something, so that two pods of a negative priority weigh more than one.
    return room.violations, max(priorities), sum(each + (1 << 31) for each in priorities), len(priorities)


def _is_preempted(info: PodInfo) -> bool:
    """Whether it is terminating because the scheduler preempted it."""
    conditions = (info.object.get("status") or {}).get("conditions") or () if info.terminating else ()
    return any(
        each["type"] == "DisruptionTarget" and each["status"] == "True" and each.get("reason") == REASON
        for each in conditions
    )
