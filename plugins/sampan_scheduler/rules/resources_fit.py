"""NodeResourcesFit: what the pod asks for is free; emptier nodes are better (LeastAllocated), and balanced ones."""

from __future__ import annotations

from sampan_scheduler.nodes import NodeInfo, share
from sampan_scheduler.pods import MIN_CPU, MIN_MEMORY, PodInfo
from sampan_scheduling.contracts import Verdict

TOO_MANY = Verdict("Too many pods")


class ResourcesFit:
    name = "NodeResourcesFit"
    weight = 1
    local = True

    def filter(self, pod: PodInfo, node: NodeInfo) -> Verdict | None:
        allocatable, used = node.allocatable, node.used
        short = [TOO_MANY.reason] if len(node.members) + 1 > allocatable.get("pods", 110) else []
        unresolvable = False
        for name, amount in pod.requests.items():
            capacity = allocatable.get(name, 0)
            if amount and amount > capacity - used.get(name, 0):
                short.append(f"Insufficient {name}")
                unresolvable = unresolvable or amount > capacity
        return Verdict(short[0], unresolvable, tuple(short[1:])) if short else None

    def score(self, pod: PodInfo, node: NodeInfo) -> float:
        cpu = share(node.score_cpu + (pod.requests.get("cpu") or MIN_CPU), node.allocatable.get("cpu", 0))
        memory = share(
            node.score_memory + (pod.requests.get("memory") or MIN_MEMORY), node.allocatable.get("memory", 0)
        )
        return 100 * (1 - (cpu + memory) / 2)


class BalancedAllocation:
    name = "NodeResourcesBalancedAllocation"
    weight = 1
    local = True

    def score(self, pod: PodInfo, node: NodeInfo) -> float:
        cpu = share(node.used.get("cpu", 0) + pod.requests.get("cpu", 0), node.allocatable.get("cpu", 0))
        memory = share(node.used.get("memory", 0) + pod.requests.get("memory", 0), node.allocatable.get("memory", 0))
        return 100 * (1 - abs(cpu - memory) / 2)  # of two values that is the standard deviation
