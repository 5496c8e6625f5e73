"""NodeResourcesFit and NodeResourcesBalancedAllocation: what a pod asks for is free; of the nodes where it is, the
emptier ones are better (or the fuller ones, as the scoring strategy says), and those whose resources are used evenly.
Scores are integers as upstream's, truncated at the same places.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from sampan_scheduler.nodes import NodeInfo
from sampan_scheduler.pods import PodInfo
from sampan_scheduling.contracts import Verdict

NAME = "NodeResourcesFit"
TOO_MANY = "Too many pods"
SCORED = (("cpu", 1), ("memory", 1))

#: Points from 0 to 100 for what is requested of an amount (which is more than 0).
Scorer = Callable[[int, int], int]


class Amounts(NamedTuple):
    """A resource on a node: what its pods request, what the newcomer adds, what there is."""

    used: int
    wanted: int
    capacity: int


def least_allocated(requested: int, capacity: int) -> int:
    return (capacity - requested) * 100 // capacity if requested <= capacity else 0


def most_allocated(requested: int, capacity: int) -> int:
    return min(requested, capacity) * 100 // capacity


def by_shape(shape: Sequence[tuple[int, int]]) -> Scorer:
    """Points by utilization, linear between the points (utilization in percent, points 0 to 100)."""

    def score(requested: int, capacity: int) -> int:
        used = 100 if requested > capacity else requested * 100 // capacity
        before, points = shape[0]
        if used <= before:
            return points
        for at, value in shape[1:]:
            if used <= at:
                return points + int((value - points) * (used - before) / (at - before))
            before, points = at, value
        return points

    return score


class ResourcesFit:
    """``ignored``: extended resources (or, ending in "/", groups of them) that are not looked at by the filter."""

    name = NAME
    local = True

    def __init__(
        self, scorer: Scorer = least_allocated, resources: Sequence[tuple[str, int]] = SCORED, *,
        skips_zero: bool = False, ignored: frozenset[str] = frozenset(),
    ) -> None:  # fmt: skip
        self._scorer, self._resources, self._skips_zero, self._ignored = scorer, tuple(resources), skips_zero, ignored
        self._usual = scorer is least_allocated and self._resources == SCORED

    def without(self, names: frozenset[str]) -> ResourcesFit:
        """The same rule that does not look at these either."""
        return ResourcesFit(
            self._scorer, self._resources, skips_zero=self._skips_zero, ignored=self._ignored | names
        )  # fmt: skip

    def filter(self, pod: PodInfo, node: NodeInfo) -> Verdict | None:
        allocatable, used = node.allocatable, node.used
        short = [TOO_MANY] if len(node.members) + 1 > allocatable.get("pods", 0) else []
        unresolvable = False
        for name, amount in pod.requests.items():
            capacity = allocatable.get(name, 0)
            if amount and amount > capacity - used.get(name, 0) and not (self._ignored and self._ignores(name)):
                short.append(f"Insufficient {name}")
                unresolvable = unresolvable or amount > capacity
        return Verdict(short[0], unresolvable, tuple(short[1:]), NAME) if short else None

    def _ignores(self, name: str) -> bool:
        group, slash, _ = name.rpartition("/")
        return name in self._ignored or f"{group}{slash}" in self._ignored

    def score(self, pod: PodInfo, node: NodeInfo) -> int:
        if self._usual:  # the same in fewer steps, for it runs for each node that changed
            return _least_of_two(pod, node)
        total = weights = 0
        for name, weight in self._resources:
            amounts = _nonzero(name, pod, node) if name in ("cpu", "memory") else _exact(name, pod, node)
            if amounts is None:
                continue
            points = self._scorer(amounts.used + amounts.wanted, amounts.capacity)
            if points > 0 or not self._skips_zero:
                total += points * weight
                weights += weight
        if not weights:
            return 0
        return int(total / weights + 0.5) if self._skips_zero else total // weights


class BalancedAllocation:
    name = "NodeResourcesBalancedAllocation"
    local = True

    def __init__(self, resources: Sequence[tuple[str, int]] = SCORED) -> None:
        self._resources = tuple(name for name, _ in resources)
        self._usual = resources == SCORED

    def gives_points(self, pod: PodInfo) -> bool:
        return any(map(pod.requests.get, self._resources))

    def score(self, pod: PodInfo, node: NodeInfo) -> int:
        """How much the pod improves the balance, 75 for not at all; 0 for a pod that requests none of it, which would
        else draw many such pods to one node."""
        if not self.gives_points(pod):
            return 0
        if self._usual:
            return _balance_of_two(pod, node)
        found = [amounts for name in self._resources if (amounts := _exact(name, pod, node)) is not None]
        after = _balance([(each.used + each.wanted) / each.capacity for each in found])
        before = _balance([each.used / each.capacity for each in found])
        return 50 + (50 + after - before) // 2


def _balance(shares: Sequence[float]) -> int:
    """100 less the standard deviation of what is used of each resource."""
    shares = [min(1.0, share) for share in shares]
    deviation = 0.0
    if len(shares) == 2:
        deviation = abs((shares[0] - shares[1]) / 2)
    elif len(shares) > 2:
        mean = sum(shares) / len(shares)
        deviation = (sum((share - mean) * (share - mean) for share in shares) / len(shares)) ** 0.5
    return int((1 - deviation) * 100)


def _least_of_two(pod: PodInfo, node: NodeInfo) -> int:
    capacities = node.allocatable
    total = resources = 0
    for used, wanted, capacity in (
        (node.score_cpu, pod.nonzero[0], capacities.get("cpu", 0)),
        (node.score_memory, pod.nonzero[1], capacities.get("memory", 0)),
    ):
        if capacity:
            free = capacity - used - wanted
            total += free * 100 // capacity if free > 0 else 0
            resources += 1
    return total // resources if resources else 0


def _balance_of_two(pod: PodInfo, node: NodeInfo) -> int:
    used, wanted, capacities = node.used, pod.requests, node.allocatable
    cpu, memory = capacities.get("cpu"), capacities.get("memory")
    if not cpu or not memory:
        return 75
    used_cpu, used_memory = used.get("cpu", 0) / cpu, used.get("memory", 0) / memory
    with_cpu = (used.get("cpu", 0) + wanted.get("cpu", 0)) / cpu
    with_memory = (used.get("memory", 0) + wanted.get("memory", 0)) / memory
    if with_cpu > 1 or with_memory > 1 or used_cpu > 1 or used_memory > 1:
        before = _balance((used_cpu, used_memory))
        return 50 + (50 + _balance((with_cpu, with_memory)) - before) // 2
    after = int((1 - abs((with_cpu - with_memory) / 2)) * 100)
    return 50 + (50 + after - int((1 - abs((used_cpu - used_memory) / 2)) * 100)) // 2


def _exact(name: str, pod: PodInfo, node: NodeInfo) -> Amounts | None:
    """None: the node has none of it, or it is an extended resource that the pod does not ask for."""
    capacity, wanted = node.allocatable.get(name, 0), pod.requests.get(name, 0)
    if not capacity or (not wanted and name not in ("cpu", "memory", "ephemeral-storage")):
        return None
    return Amounts(node.used.get(name, 0), wanted, capacity)


def _nonzero(name: str, pod: PodInfo, node: NodeInfo) -> Amounts | None:
    capacity = node.allocatable.get(name, 0)
    if not capacity:
        return None
    if name == "cpu":
        return Amounts(node.score_cpu, pod.nonzero[0], capacity)
    return Amounts(node.score_memory, pod.nonzero[1], capacity)
