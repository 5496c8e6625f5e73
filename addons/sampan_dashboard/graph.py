"""A map of objects: which are shown, what leads to what, and where each stands. Pure; the template draws it.

Columns from left to right follow the way of traffic and ownership: Ingress, Service, workload, its sets and jobs, pods,
then what pods use.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sampan_dashboard.health import health
from sampan_dashboard.related import backends, selects
from sampan_machinery.metadata import labels_of, owners

Object = Mapping[str, Any]
COLUMNS: Mapping[str, int] = {
    "Ingress": 0, "Service": 1, "CronJob": 2, "Deployment": 2, "StatefulSet": 2, "DaemonSet": 2, "ReplicaSet": 3,
    "Job": 3, "ReplicationController": 3, "Pod": 4, "ConfigMap": 5, "Secret": 5, "PersistentVolumeClaim": 5,
}  # fmt: skip
OWNS, SENDS, USES = "owns", "sends", "uses"
WIDTH, HEIGHT, GAP_X, GAP_Y, MARGIN = 170, 40, 36, 14, 12  # pixels
MOST = 300  # nodes of one map
APP = ("app.kubernetes.io/instance", "app.kubernetes.io/name", "app")


class Node(NamedTuple):
    key: str
    kind: str
    name: str
    namespace: str
    tone: str
    words: str


class Edge(NamedTuple):
    start: str
    end: str
    sort: str


class Placed(NamedTuple):
    node: Node
    x: int
    y: int


class Drawn(NamedTuple):
    placed: list[Placed]
    lines: list[tuple[str, str]]  # (path of an SVG path element, sort of the edge)
    width: int
    height: int
    cut: bool


@dataclass
class Graph:
    nodes: dict[str, Node] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)


def key_of(kind: str, name: str) -> str:
    return f"{kind}/{name}"


def graph(objects: Iterable[Object]) -> Graph:
    """Of the objects of one namespace. ReplicaSets without pods are left out, and so is what nothing uses."""
    found = [obj for obj in objects if obj.get("kind") in COLUMNS and not is_old(obj)]
    nodes = {}
    for obj in found:
        metadata, state = obj["metadata"], health(obj)
        key = key_of(obj["kind"], metadata["name"])
        nodes[key] = Node(
            key, str(obj["kind"]), str(metadata["name"]), str(metadata.get("namespace") or ""), state.tone, state.words
        )
    services = [obj for obj in found if obj["kind"] == "Service"]
    edges = [edge for obj in found for edge in edges_of(obj, services)]
    kept = [edge for edge in dict.fromkeys(edges) if edge.start in nodes and edge.end in nodes]
    used = {edge.end for edge in kept}
    nodes = {key: node for key, node in nodes.items() if COLUMNS[node.kind] < 5 or key in used}
    return Graph(nodes, kept)


def is_old(obj: Object) -> bool:
    """A ReplicaSet of a former revision."""
    return obj["kind"] == "ReplicaSet" and not (obj.get("spec") or {}).get("replicas") and bool(owners(obj))


def edges_of(obj: Object, services: Sequence[Object]) -> Iterable[Edge]:
    kind, key = obj["kind"], key_of(obj["kind"], obj["metadata"]["name"])
    for owner in owners(obj):
        yield Edge(key_of(str(owner.get("kind")), str(owner.get("name"))), key, OWNS)
    if kind == "Ingress":
        for _, name, _ in backends(obj):
            yield Edge(key, key_of("Service", name), SENDS)
    elif kind == "Pod":
        for service in services:
            if selects(service, labels_of(obj)):
                yield Edge(key_of("Service", service["metadata"]["name"]), key, SENDS)
        for used in uses(obj):
            yield Edge(key, used, USES)


def uses(pod: Object) -> Iterable[str]:
    """Keys of the ConfigMaps, Secrets and claims that a pod names."""
    spec = pod.get("spec") or {}
    for volume in spec.get("volumes") or ():
        if name := (volume.get("configMap") or {}).get("name"):
            yield key_of("ConfigMap", name)
        if name := (volume.get("secret") or {}).get("secretName"):
            yield key_of("Secret", name)
        if name := (volume.get("persistentVolumeClaim") or {}).get("claimName"):
            yield key_of("PersistentVolumeClaim", name)
    for container in (*(spec.get("initContainers") or ()), *(spec.get("containers") or ())):
        sources = [
            *(container.get("envFrom") or ()),
            *(each.get("valueFrom") or {} for each in container.get("env") or ()),
        ]
        for source in sources:
            for part, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret"), ("configMapKeyRef", "ConfigMap"),
                               ("secretKeyRef", "Secret")):  # fmt: skip
                if name := (source.get(part) or {}).get("name"):
                    yield key_of(kind, name)


def apps(objects: Iterable[Object]) -> list[str]:
    """The applications that labels name."""
    found = set()
    for obj in objects:
        labels = labels_of(obj)
        found |= {labels[name] for name in APP if labels.get(name)}
    return sorted(found)


def around(whole: Graph, wanted: Iterable[str]) -> Graph:
    """The part that hangs together with some nodes, in either direction."""
    keep = {key for key in wanted if key in whole.nodes}
    neighbours: dict[str, set[str]] = {}
    for edge in whole.edges:
        neighbours.setdefault(edge.start, set()).add(edge.end)
        neighbours.setdefault(edge.end, set()).add(edge.start)
    open_ = list(keep)
    while open_:
        key = open_.pop()
        for other in neighbours.get(key, ()):
            # what many applications share (a ConfigMap of all pods) does not lead on to them
            if other not in keep and other in whole.nodes and COLUMNS[whole.nodes[key].kind] < 5:
                keep.add(other)
                open_.append(other)
    edges = [edge for edge in whole.edges if edge.start in keep and edge.end in keep]
    return Graph({key: node for key, node in whole.nodes.items() if key in keep}, edges)


def drawn(found: Graph) -> Drawn:
    """Where each node stands: a column for its kind, and in it near the middle of what leads to it. Where traffic goes
    past a column, its first row stays free; what nothing leads to or from stands last."""
    nodes = list(found.nodes.values())[:MOST]
    columns = sorted({COLUMNS[node.kind] for node in nodes})
    before: dict[str, list[str]] = {}
    for edge in found.edges:
        before.setdefault(edge.end, []).append(edge.start)
    linked = {key for edge in found.edges for key in (edge.start, edge.end)}
    passed = past(found)
    placed: dict[str, Placed] = {}
    for number, column in enumerate(columns):
        own = [node for node in nodes if COLUMNS[node.kind] == column]
        own.sort(
            key=lambda node: (
                node.key not in linked, _middle(before.get(node.key, ()), placed), node.kind, node.name
            )
        )  # fmt: skip
        x = MARGIN + number * (WIDTH + GAP_X)
        for row, node in enumerate(own, column in passed):
            placed[node.key] = Placed(node, x, MARGIN + row * (HEIGHT + GAP_Y))
    lines = [
        (line(placed[edge.start], placed[edge.end]), edge.sort)
        for edge in found.edges
        if edge.start in placed and edge.end in placed
    ]
    height = max((each.y for each in placed.values()), default=0) + HEIGHT + MARGIN
    width = max((each.x for each in placed.values()), default=0) + WIDTH + MARGIN
    return Drawn(list(placed.values()), lines, width, height, len(found.nodes) > MOST)


def past(found: Graph) -> set[int]:
    """Columns that an edge of traffic goes past."""
    ends = [
        (COLUMNS[found.nodes[edge.start].kind], COLUMNS[found.nodes[edge.end].kind])
        for edge in found.edges
        if edge.sort == SENDS
    ]
    return {column for start, end in set(ends) for column in range(start + 1, end)}


def _middle(keys: Iterable[str], placed: Mapping[str, Placed]) -> float:
    ys = [placed[key].y for key in keys if key in placed]
    return sum(ys) / len(ys) if ys else float("inf")


def line(start: Placed, end: Placed) -> str:
    """From the right side of one box to the left side of the other."""
    x1, y1, x2, y2 = start.x + WIDTH, start.y + HEIGHT // 2, end.x, end.y + HEIGHT // 2
    if x2 <= start.x:  # the other way round
        x1, x2 = start.x, end.x + WIDTH
    bend = (x1 + x2) // 2
    return f"M{x1} {y1} C{bend} {y1} {bend} {y2} {x2} {y2}"
