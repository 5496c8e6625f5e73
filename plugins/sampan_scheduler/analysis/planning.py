"""What the scheduler would do, played on a snapshot. Pure: equal snapshots give equal answers."""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sampan.contracts.kinds import Object
from sampan_machinery.metadata import controller_of
from sampan_machinery.selectors import Selector
from sampan_scheduler.analysis.snapshot import Snapshot
from sampan_scheduler.configuration.reading import Configuration
from sampan_scheduler.cycle import Cycle
from sampan_scheduler.decisions import CycleResult, Explanation
from sampan_scheduler.nodes import Cluster, NodeInfo
from sampan_scheduler.pods import SYSTEM_DEFAULTS, PodInfo, read_pod
from sampan_scheduler.preemption import PreemptionResult, make_room, read_budgets
from sampan_scheduler.resources import DEFAULT_NAME
from sampan_scheduler.third_party import ThirdParty
from sampan_scheduling.contracts import State

MIRROR = "kubernetes.io/config.mirror"


@dataclass(frozen=True)
class PodReport:
    """Why a pod has no node, or why it has the one it has. ``message`` "" where a node will do."""

    pod: Object
    node: str  # where it stands, "" for nowhere
    message: str
    found: Explanation
    details: dict[str, str]  # by node: what exactly is missing
    room: PreemptionResult
    others_asked: bool = False  # whether there were plugins of others to be asked


@dataclass(frozen=True)
class PlannedPod:
    """Where a pod would go; ``message`` says why it would go nowhere."""

    pod: Object
    node: str
    message: str = ""
    victims: tuple[str, ...] = ()  # pods (namespace/name) that would be preempted for it
    origin: str = ""  # the node it stands on now


class UnknownScheduler(Exception):
    """A pod names a scheduler that is none of ours."""


@dataclass
class Plan:
    """A cluster of its own to play on, made from a snapshot. ``without``: names of nodes that are taken away.
    ``third_party``: plugins of others, started; ``stop`` ends them."""

    snapshot: Snapshot
    configuration: Configuration
    without: frozenset[str] = frozenset()
    third_party: Sequence[Any] = ()
    cluster: Cluster = field(default_factory=Cluster)

    def __post_init__(self) -> None:
        rng = random.Random(0)
        self._cycles = {
            each.name: Cycle(self.cluster, each, self.third_party, rng) for each in self.configuration.profiles
        }
        self._budgets = read_budgets(self.snapshot.budgets)
        for node in sorted(self.snapshot.nodes, key=lambda node: str(node["metadata"]["name"])):
            if node["metadata"]["name"] not in self.without:
                self.cluster.set_node(node)
        for pod in self.snapshot.pods:
            name = pod["spec"].get("nodeName")
            if name and name not in self.without:
                self.cluster.add_pod(self.read(pod), name)

    def stop(self) -> None:
        ThirdParty(self.third_party).stop()

    def read(self, pod: Object) -> PodInfo:
        cycle = self._cycles.get(pod["spec"].get("schedulerName") or DEFAULT_NAME)
        return read_pod(pod, self._namespaces, cycle.profile.spread if cycle else SYSTEM_DEFAULTS)

    def _namespaces(self, selector: Selector) -> frozenset[str]:
        return frozenset(
            each["metadata"]["name"] for each in self.snapshot.namespaces
            if selector.matches(each["metadata"].get("labels") or {})
        )  # fmt: skip

    def _cycle(self, pod: Object) -> Cycle:
        name = pod["spec"].get("schedulerName") or DEFAULT_NAME
        if name not in self._cycles:
            raise UnknownScheduler(
                f"the pod is left to the scheduler {name!r}, which is none of {', '.join(self._cycles)}"
            )
        return self._cycles[name]

    def why(self, pod: Object) -> PodReport:
        """The pod is taken off its node for this, if it stands on one: points are those of now. Raises
        UnknownScheduler."""
        cycle, info = self._cycle(pod), self.read(_unplaced(pod))
        node = pod["spec"].get("nodeName") or ""
        self.cluster.remove_pod(info.uid)
        state: State = {}
        found = cycle.explain(info, state)
        details = {
            name: _detail(info, self.cluster.by_name[name], verdict.plugin) for name, verdict in found.refused.items()
        }
        message, room = "", PreemptionResult()
        if not found.points:
            result = cycle.decide(info, state)
            message, room = result.decision.message(), self._room(info, cycle, result, state)
        return PodReport(pod, node, message, found, details, room, bool(self.third_party))

    def _room(self, info: PodInfo, cycle: Cycle, result: CycleResult, state: State) -> PreemptionResult:
        if not cycle.profile.preempts or not result.refused:
            return PreemptionResult()
        return make_room(
            info, self.cluster, result.refused, lambda pod, node: cycle.fits(pod, node, state),
            budgets=lambda: self._budgets, candidates=cycle.profile.candidates,
        )  # fmt: skip

    def place(self, pods: Sequence[Object]) -> list[PlannedPod]:
        """Where these would go, in the order in which they are taken: the most important first. Those that they
        preempt are placed again."""
        waiting: list[tuple[int, int, PodInfo]] = []
        for pod in pods:
            info = self.read(_unplaced(pod))
            heapq.heappush(waiting, (-info.priority, len(waiting), info))
        origins = {pod["metadata"]["uid"]: pod["spec"].get("nodeName") or "" for pod in pods}
        number, found = len(waiting), []
        while waiting:
            info = heapq.heappop(waiting)[2]
            planned, victims = self._place(info, origins.get(info.uid, ""))
            found.append(planned)
            for victim in victims:
                number += 1
                origins[victim.uid] = planned.node
                heapq.heappush(waiting, (-victim.priority, number, self.read(_unplaced(victim.object))))
        return found

    def _place(self, info: PodInfo, origin: str) -> tuple[PlannedPod, tuple[PodInfo, ...]]:
        try:
            cycle = self._cycle(info.object)
        except UnknownScheduler as error:
            return PlannedPod(info.object, "", str(error), origin=origin), ()
        state: State = {}
        result = cycle.decide(info, state)
        if result.decision.node:
            failed = self._assume(info, result.decision.node, cycle, state)
            return PlannedPod(info.object, "" if failed else result.decision.node, failed, origin=origin), ()
        room = self._room(info, cycle, result, state)
        if not room.node:
            return PlannedPod(info.object, "", result.decision.message(), origin=origin), ()
        for victim in room.victims:
            self.cluster.remove_pod(victim.uid)
        self.cluster.add_pod(info, room.node)
        names = tuple(victim.ref for victim in room.victims)
        return PlannedPod(info.object, room.node, victims=names, origin=origin), room.victims

    def _assume(self, info: PodInfo, node: str, cycle: Cycle, state: State) -> str:
        """Count the pod on the node, with what plugins keep for it there; why that failed, or ""."""
        self.cluster.add_pod(info, node)
        failed = cycle.third_party.of(info.object).reserve(state, info.object, self.cluster.by_name[node])
        if failed:
            self.cluster.remove_pod(info.uid)
        return f"plugin {failed} could not reserve on node {node}" if failed else ""

    def displaced(self) -> list[Object]:
        """Pods that stand on nodes that are taken away and would be made again: not of DaemonSets, no mirrors."""
        return [pod for pod in self.snapshot.pods if pod["spec"].get("nodeName") in self.without and _moves(pod)]


def _moves(pod: Object) -> bool:
    owner = controller_of(pod)
    mirror = MIRROR in (pod["metadata"].get("annotations") or {})
    return not mirror and (owner is None or owner.get("kind") not in ("DaemonSet", "Node"))


def _unplaced(pod: Object) -> Object:
    spec = {key: value for key, value in pod["spec"].items() if key != "nodeName"}
    kept = ("startTime", "resourceClaimStatuses")
    status = {key: value for key, value in (pod.get("status") or {}).items() if key in kept}
    return {**pod, "spec": spec, "status": status}


def _detail(info: PodInfo, node: NodeInfo, plugin: str) -> str:
    """In figures or names what the reason leaves open."""
    if plugin == "NodeResourcesFit":
        return ", ".join(_short(info, node))
    if plugin == "TaintToleration":
        return ", ".join(_taints(node.taints))
    if plugin == "NodeDeclaredFeatures":
        return f"lacks {', '.join(sorted(info.features - node.features))}"
    if plugin == "NodePorts":
        taken = [f"{port.number}/{port.protocol}" for port in info.ports if any(map(port.clashes, node.ports))]
        return ", ".join(taken)
    return ""


def _short(info: PodInfo, node: NodeInfo) -> Iterable[str]:
    most = node.allocatable.get("pods", 0)
    if len(node.members) + 1 > most:
        yield f"{len(node.members)} of {most} pods"
    for name, amount in info.requests.items():
        free = node.allocatable.get(name, 0) - node.used.get(name, 0)
        if amount > free:
            unit = "m" if name == "cpu" else ""
            yield f"{name}: wants {amount}{unit}, {free}{unit} of {node.allocatable.get(name, 0)}{unit} are free"


def _taints(taints: Sequence[Object]) -> Iterable[str]:
    for taint in taints:
        if taint.get("effect") != "PreferNoSchedule":
            value = f"={taint['value']}" if taint.get("value") else ""
            yield f"{taint['key']}{value}:{taint.get('effect')}"
