"""The cluster as the scheduler sees it: nodes by row, the pods on them (assumed ones included), counts by domain.

Everything is updated by difference: a pod that comes or goes touches its node and the counters its labels match, never
all nodes. ``changes`` is the log of rows that changed, which verdict tables read on from where they stopped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sampan.contracts.kinds import Object
from sampan_machinery import quantities
from sampan_scheduler.columns import Columns
from sampan_scheduler.counters import CounterIndex, CounterKey, DomainCounter
from sampan_scheduler.pods import PodInfo, Port, Term, image_name

MOST_COUNTERS = 8192
UNBOUNDED = 1 << 60


class NodeInfo:
    """One node. Satisfies sampan_scheduling.contracts.NodeView."""

    __slots__ = (
        "allocatable", "features", "images", "labels", "members", "name", "object", "ports", "row", "score_cpu",
        "score_memory", "taints", "unschedulable", "used",
    )  # fmt: skip

    def __init__(self, row: int, name: str) -> None:
        self.row = row
        self.name = name
        self.members: dict[str, PodInfo] = {}
        self.used: dict[str, int] = {}
        self.score_cpu = 0  # what scores count: requests with a least amount a pod
        self.score_memory = 0
        self.ports: list[Port] = []

    def describe(self, node: Object) -> None:
        """Take over what the Node object says."""
        self.object = node
        self.labels: dict[str, str] = node["metadata"].get("labels") or {}
        spec = node.get("spec") or {}
        self.taints: list[Object] = spec.get("taints") or []
        self.unschedulable = bool(spec.get("unschedulable"))
        status = node.get("status") or {}
        amounts = status.get("allocatable") or {}
        self.features = frozenset(status.get("declaredFeatures") or ())
        self.images: dict[str, int] = {
            image_name(name): image.get("sizeBytes") or 0
            for image in status.get("images") or ()
            for name in image.get("names") or ()
        }
        self.allocatable = {
            name: quantities.milli(text) if name == "cpu" else quantities.whole(text) for name, text in amounts.items()
        }

    @property
    def pods(self) -> Sequence[Object]:
        return [info.object for info in self.members.values()]

    def add(self, info: PodInfo, sign: int = 1) -> None:
        """Count the pod in (or with -1 out)."""
        used = self.used
        for name, amount in info.requests.items():
            used[name] = used.get(name, 0) + sign * amount
        self.score_cpu += sign * info.nonzero[0]
        self.score_memory += sign * info.nonzero[1]
        if sign > 0:
            self.members[info.uid] = info
            self.ports += info.ports
        else:
            self.members.pop(info.uid, None)
            for port in info.ports:
                self.ports.remove(port)


class Cluster:
    """All nodes and assigned pods, a ``Snapshot``. Not thread-safe: one thread owns it."""

    def __init__(self) -> None:
        self.rows: list[NodeInfo] = []
        self.by_name: dict[str, NodeInfo] = {}
        self.nominated: dict[str, dict[str, PodInfo]] = {}  # room that was made, by node name, for pods not placed yet
        self.priorities: dict[int, int] = {}  # priority → placed pods that have it
        self.changes: list[int] = []
        self.forgotten = 0  # how many changes have been dropped from the front of the log
        self.version = 0  # grows when a node comes, goes or says something else
        self.where: dict[str, NodeInfo] = {}  # pod uid → node
        self.images: dict[str, dict[str, int]] = {}  # image → node name → bytes
        self.selecting: set[str] = set()  # uids of placed pods whose terms choose namespaces by label
        self._counters = CounterIndex(MOST_COUNTERS)
        # Terms of placed pods that are about newcomers: anti-affinity forbids, the others draw or repel by weight.
        self._forbidding = CounterIndex(UNBOUNDED)
        self._requiring = CounterIndex(UNBOUNDED)
        self._preferring = CounterIndex(UNBOUNDED)
        self._waiting: dict[str, dict[str, PodInfo]] = {}  # pods on nodes not seen yet, by node name
        self._domains: dict[str, list[str | None]] = {}
        self._rows_of: dict[str, dict[str | None, list[int]]] = {}
        self._columns: Columns | None = None

    def __len__(self) -> int:
        return len(self.by_name)

    @property
    def names(self) -> Sequence[str]:
        return [node.name for node in self.rows]

    def node(self, row: int) -> NodeInfo:
        return self.rows[row]

    @property
    def moment(self) -> int:
        """Grows with every change of a node, of what stands on it or of what it is kept for."""
        return self.forgotten + len(self.changes)

    @property
    def columns(self) -> dict[str, Any]:
        """NumPy arrays for plugins that ask for them; NumPy is imported at the first use."""
        if self._columns is None:
            self._columns = Columns()
        return self._columns.of(self.rows, self.changes, self.forgotten)

    def has_lower(self, priority: int) -> bool:
        """Whether any placed pod is less important than this."""
        return any(known < priority for known in self.priorities)

    def nominate(self, info: PodInfo, node_name: str) -> None:
        """Keep the room on this node from pods that are less important than this one."""
        self.unnominate(info.uid)
        self.nominated.setdefault(node_name, {})[info.uid] = info
        self._note(node_name)

    def unnominate(self, uid: str) -> None:
        for name, waiting in list(self.nominated.items()):
            if waiting.pop(uid, None) is not None:
                self._note(name)
            if not waiting:
                del self.nominated[name]

    def nomination(self, uid: str) -> str:
        """The node kept for the pod, or ""."""
        return next((name for name, waiting in self.nominated.items() if uid in waiting), "")

    def nodes(self) -> Iterable[NodeInfo]:
        return self.by_name.values()

    def domains(self, key: str) -> list[str | None]:
        """The value of a label by row."""
        found = self._domains.get(key)
        if found is None:
            found = self._domains[key] = [node.labels.get(key) for node in self.rows]
        return found

    def rows_of(self, key: str) -> dict[str | None, list[int]]:
        """The rows of each value of a label."""
        found = self._rows_of.get(key)
        if found is None:
            found = self._rows_of[key] = {}
            for row, domain in enumerate(self.domains(key)):
                found.setdefault(domain, []).append(row)
        return found

    def domains_of(self, key: str, rows: Sequence[int]) -> list[str | None]:
        """The value of a label for each of these rows, which ascend."""
        column = self.domains(key)
        return column if len(rows) == len(column) else [column[row] for row in rows]

    def set_node(self, obj: Object) -> None:
        name = obj["metadata"]["name"]
        node = self.by_name.get(name)
        fresh = node is None
        if node is None:
            node = NodeInfo(len(self.rows), name)
            self.by_name[name] = node
            self.rows.append(node)
        moved = not fresh and node.labels != (obj["metadata"].get("labels") or {})
        if moved:
            self._recount(node, -1)
        if not fresh:
            self._count_images(node, -1)
        node.describe(obj)
        self._count_images(node, 1)
        if moved:
            self._recount(node, 1)
        self._touch_node(node.row)
        for info in self._waiting.pop(name, {}).values():
            self.add_pod(info, name)

    def drop_node(self, name: str) -> None:
        node = self.by_name.pop(name, None)
        if node is None:
            return
        members = list(node.members.values())
        for info in members:
            self.remove_pod(info.uid)
        self._count_images(node, -1)
        # The last row moves into the gap, so that rows are always without holes.
        last = self.rows.pop()
        if last is not node:
            last.row = node.row
            self.rows[last.row] = last
        self._touch_node(node.row)
        for info in members:
            self._waiting.setdefault(name, {})[info.uid] = info

    def add_pod(self, info: PodInfo, node_name: str) -> None:
        """A pod stands on a node: bound, or assumed to be so soon."""
        if info.uid in self.where:
            self.remove_pod(info.uid)
        node = self.by_name.get(node_name)
        if node is None:
            self._waiting.setdefault(node_name, {})[info.uid] = info
            return
        node.add(info)
        self.where[info.uid] = node
        if info.names_namespaces:
            self.selecting.add(info.uid)
        self.priorities[info.priority] = self.priorities.get(info.priority, 0) + 1
        self._count(info, node, 1)
        self.changes.append(node.row)

    def remove_pod(self, uid: str) -> bool:
        node = self.where.pop(uid, None)
        if node is None:
            for waiting in self._waiting.values():
                waiting.pop(uid, None)
            return False
        info = node.members[uid]
        node.add(info, -1)
        self.selecting.discard(uid)
        self.priorities[info.priority] -= 1
        if not self.priorities[info.priority]:
            del self.priorities[info.priority]
        self._count(info, node, -1)
        self.changes.append(node.row)
        return True

    def counter(self, key: CounterKey) -> DomainCounter:
        """Pods by domain for this question, kept up to date from now on."""
        found = self._counters.get(key)
        if found is None:
            found = self._counters.add(key)
            for node in self.nodes():
                domain = node.labels.get(key.topology_key)
                for info in node.members.values():
                    if found.is_about(info):
                        found.count(node.name, domain, 1)
        return found

    def forbidding(self, info: PodInfo) -> Iterable[DomainCounter]:
        """Anti-affinity terms of placed pods that this pod would break, with where they hold."""
        return self._forbidding.about(info)

    def requiring(self, info: PodInfo) -> Iterable[DomainCounter]:
        """Required affinity terms of placed pods that this pod matches."""
        return self._requiring.about(info)

    def preferring(self, info: PodInfo) -> Iterable[DomainCounter]:
        """Preferred terms of placed pods that this pod matches, by weight; anti-affinity counts negative."""
        return self._preferring.about(info)

    def trim(self) -> None:
        """Drop the front of the change log once it is long; tables that are further behind are built again."""
        if len(self.changes) > 20000:
            dropped = len(self.changes) - 10000
            del self.changes[:dropped]
            self.forgotten += dropped

    def _note(self, name: str) -> None:
        if name in self.by_name:
            self.changes.append(self.by_name[name].row)

    def _touch_node(self, row: int) -> None:
        self.changes.append(row)
        self.version += 1
        self._domains.clear()
        self._rows_of.clear()

    def _count(self, info: PodInfo, node: NodeInfo, sign: int) -> None:
        labels, name = node.labels, node.name
        for counter in self._counters.about(info):
            counter.count(name, labels.get(counter.topology_key), sign)
        for index, terms in (
            (self._forbidding, info.anti_affinity), (self._requiring, info.affinity), (self._preferring, info.prefers),
        ):  # fmt: skip
            for term in terms:
                _hold(index, term, name, labels.get(term.topology_key), sign)

    def _count_images(self, node: NodeInfo, sign: int) -> None:
        for name, size in node.images.items():
            if sign > 0:
                self.images.setdefault(name, {})[node.name] = size
            else:
                self.images[name].pop(node.name, None)
                if not self.images[name]:
                    del self.images[name]

    def _recount(self, node: NodeInfo, amount: int) -> None:
        for info in node.members.values():
            self._count(info, node, amount)


def _hold(index: CounterIndex, term: Term, name: str, domain: str | None, sign: int) -> None:
    """A placed pod's term holds (or with -1 no longer) in the domain of its node; terms held by none are dropped."""
    if domain is None:
        return
    key = CounterKey(term.topology_key, ((term.namespaces, term.selector),))
    counter = index.get(key) or index.add(key)
    counter.count(name, domain, sign, term.weight or 1)
    if not counter.total:
        index.drop(key)
