"""A rolling update of a DaemonSet: which pods are deleted and which nodes get a second pod. Pure.

Source: the behaviour of upstream's rollingUpdate (maxUnavailable, maxSurge).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sampan.contracts.kinds import Object
from sampan_daemonsets.nodes import Fit
from sampan_daemonsets.status import is_updated, min_ready
from sampan_machinery.metadata import get_path, is_deleting, resolve_int_or_percent
from sampan_podspec.states import is_available


class Pair(NamedTuple):
    """The pods of one node."""

    node: str
    new: Object | None
    old: Object | None
    fit: Fit


class Changes(NamedTuple):
    deleted: list[Object]
    nodes: list[str]  # each gets a new pod


def surge_of(owner: Object, nodes: int) -> int:
    """Percentages round up."""
    return _limit(owner, "maxSurge", nodes)


def allows_surge(owner: Object) -> bool:
    return surge_of(owner, 1) > 0


def _limit(owner: Object, name: str, nodes: int) -> int:
    strategy = owner["spec"].get("updateStrategy") or {}
    if strategy.get("type") != "RollingUpdate":
        return 0
    return resolve_int_or_percent(get_path(strategy, "rollingUpdate", name, default=0), nodes, round_up=True)


def pair(owner: Object, node: str, pods: Sequence[Object], digest: str, fit: Fit) -> Pair | None:
    """None where a node has more than one pod of the same kind, which is put in order first."""
    alive = [pod for pod in pods if not is_deleting(pod)]
    new = [pod for pod in alive if is_updated(owner, pod, digest)]
    old = [pod for pod in alive if pod not in new]
    if len(new) > 1 or len(old) > 1:
        return None
    return Pair(node, new[0] if new else None, old[0] if old else None, fit)


def changes(owner: Object, pairs: Sequence[Pair | None], nodes: int, now: float) -> Changes:
    """``pairs``: of each node that should run a pod or has one. ``nodes``: how many should."""
    surge, unavailable = surge_of(owner, nodes), _limit(owner, "maxUnavailable", nodes)
    if surge == 0:
        return Changes(_replaced(owner, pairs, max(unavailable, 1 if nodes else 0), now), [])
    return _surged(owner, pairs, surge, nodes, now)


def _replaced(owner: Object, pairs: Sequence[Pair | None], most: int, now: float) -> list[Object]:
    """Old pods that are deleted before their successors exist: all that are not available anyway, and as many others
    as may be unavailable."""
    missing, allowed, candidates = 0, [], []
    for each in pairs:
        if each is None or (each.new is None) == (each.old is None):
            missing += 1
        elif each.new is not None:
            missing += not is_available(each.new, min_ready(owner), now)
        elif each.old is not None and not is_available(each.old, min_ready(owner), now):
            missing += 1
            allowed.append(each.old)
        elif each.old is not None:
            candidates.append(each.old)
    return allowed + candidates[: max(0, most - missing)]


def _surged(owner: Object, pairs: Sequence[Pair | None], most: int, nodes: int, now: float) -> Changes:
    """New pods beside old ones, which are deleted when their successor is available."""

    def available(pod: Object | None) -> bool:
        return pod is not None and is_available(pod, min_ready(owner), now)

    deleted: list[Object] = []
    leaving: list[Object] = []  # available ones on nodes that shall not run any
    allowed: list[str] = []
    candidates: list[str] = []
    surging = sum(each is None for each in pairs)
    for each in pairs:
        if each is None or each.old is None:
            continue
        if each.new is not None:
            if available(each.new):
                deleted.append(each.old)
            else:
                surging += 1
        elif not each.fit.runs:
            (leaving if available(each.old) else deleted).append(each.old)
        else:
            (candidates if available(each.old) else allowed).append(each.node)
    serving = sum(available(each.old or each.new) for each in pairs if each is not None)
    deleted += leaving[: max(0, serving - nodes)]
    return Changes(deleted, allowed + candidates[: max(0, most - surging)])
