"""The figures of the first page: what the nodes have, what is asked for and used, and what is not well. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sampan_dashboard.health import Health, health
from sampan_dashboard.tables import BAD, WARN
from sampan_machinery.quantities import is_quantity, nanos, text_of
from sampan_podspec.requests import pod_nanos

Object = Mapping[str, Any]
ENDED = ("Succeeded", "Failed")
AMOUNTS = ("cpu", "memory", "pods")
GI = 1 << 30


class Meter(NamedTuple):
    """One bar: what is asked for and used, of what there is."""

    name: str
    have: str
    asked: str
    used: str  # "" where no metrics add-on tells
    asked_percent: int
    used_percent: int


@dataclass
class NodeSums:
    """Billionths of a core, of a byte, of a pod."""

    name: str
    health: Health
    have: dict[str, int]
    asked: dict[str, int] = field(default_factory=lambda: dict.fromkeys(AMOUNTS, 0))
    used: dict[str, int] = field(default_factory=dict)


class Sick(NamedTuple):
    kind: str
    namespace: str
    name: str
    health: Health
    resource: str


@dataclass
class Sums:
    """Made in one pass, so that a list of many pods need not be held."""

    nodes: dict[str, NodeSums] = field(default_factory=dict)
    pods: int = 0
    phases: dict[str, int] = field(default_factory=dict)
    sick_pods: list[Sick] = field(default_factory=list)

    def add_node(self, node: Object) -> None:
        allocatable = (node.get("status") or {}).get("allocatable") or {}
        name = str(node["metadata"]["name"])
        self.nodes[name] = NodeSums(name, health(node), {each: amount(allocatable.get(each)) for each in AMOUNTS})

    def add_pod(self, pod: Object) -> None:
        self.pods += 1
        spec, phase = pod.get("spec") or {}, str((pod.get("status") or {}).get("phase") or "Unknown")
        self.phases[phase] = self.phases.get(phase, 0) + 1
        found = health(pod)
        if found.tone == BAD and len(self.sick_pods) < 50:
            metadata = pod["metadata"]
            self.sick_pods.append(
                Sick("Pod", str(metadata.get("namespace") or ""), str(metadata["name"]), found, "pods")
            )
        node = self.nodes.get(str(spec.get("nodeName") or ""))
        if node is not None and phase not in ENDED:
            for name, value in pod_nanos(spec).items():
                if name in node.asked:
                    node.asked[name] += value
            node.asked["pods"] += 10**9

    def add_usage(self, metrics: Iterable[Object]) -> None:
        for each in metrics:
            node = self.nodes.get(str((each.get("metadata") or {}).get("name") or ""))
            if node is not None:
                node.used = {name: amount((each.get("usage") or {}).get(name)) for name in ("cpu", "memory")}

    def meters(self) -> list[Meter]:
        """Of the whole cluster."""
        nodes = list(self.nodes.values())
        used = all(node.used for node in nodes) and bool(nodes)
        return [
            meter(
                name, sum(node.have[name] for node in nodes), sum(node.asked[name] for node in nodes),
                sum(node.used.get(name, 0) for node in nodes) if used and name != "pods" else None,
            )
            for name in AMOUNTS
        ]  # fmt: skip

    def meters_of(self, node: NodeSums) -> list[Meter]:
        return [meter(name, node.have[name], node.asked[name], node.used.get(name)) for name in AMOUNTS]


def meter(name: str, have: int, asked: int, used: int | None) -> Meter:
    return Meter(
        name, shown(name, have), shown(name, asked), "" if used is None else shown(name, used), percent(asked, have),
        percent(used or 0, have),
    )  # fmt: skip


def amount(value: Any) -> int:
    """Billionths; 0 for what is no quantity."""
    return nanos(value) if is_quantity(value) else 0


def shown(name: str, value: int) -> str:
    if name == "memory":
        return f"{value / 1e9 / GI:.1f} GiB"
    if name == "pods":
        return str(value // 10**9)
    return f"{value / 1e9:.2f}".rstrip("0").rstrip(".") if value else text_of(0)


def percent(part: int, whole: int) -> int:
    return min(100, round(100 * part / whole)) if whole > 0 else 0


def sick(workloads: Iterable[tuple[Object, str]]) -> list[Sick]:
    """Of (object, group resource): those that are not well, the worst first."""
    found = []
    for obj, resource in workloads:
        state, metadata = health(obj), obj["metadata"]
        if state.tone in (BAD, WARN) and state.words != "Running":
            found.append(
                Sick(str(obj["kind"]), str(metadata.get("namespace") or ""), str(metadata["name"]), state, resource)
            )
    return sorted(found, key=lambda each: (each.health.tone != BAD, each.namespace, each.name))
