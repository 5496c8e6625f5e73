"""Node IPAM: each node gets a range of the cluster's pod addresses, as ``spec.podCIDR`` and ``spec.podCIDRs``.

Nothing is kept beside the Node objects: a range is taken while a Node has it, and free once that Node is deleted.
Source: upstream's nodeipam controller (range allocator).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from sampan.contracts.kinds import Object
from sampan.contracts.reconciling import Action, Emit, Key, Observed, Patch, Reconciler, Watching
from sampan_machinery.resources import NODES

ALL = Key("podcidrs", "")  # a range is chosen with a look at all nodes; nodes have no namespace
_Range = ipaddress.IPv4Network | ipaddress.IPv6Network


class PodCidrs:
    """``decide`` is a Reconciler's. ``mask``: prefix length of a node's range."""

    def __init__(self, cluster: str, mask: int) -> None:
        self._cluster, self._mask = ipaddress.ip_network(cluster), mask
        self._told: set[str] = set()  # uids of nodes for which there was no range, so that each is told once
        self._full = False  # no range was free at the last look at all nodes, and no node has gone since

    def decide(self, key: Key, seen: Observed) -> Iterator[Action]:
        if key != ALL:
            yield from self._tell(node for node in (seen.get(NODES, key.name),) if node and wants_range(node))
            return
        nodes = seen.list(NODES)
        without = sorted((one for one in nodes if wants_range(one)), key=_age)
        if not without:
            return
        ranges = list(islice(free_ranges(self._cluster, self._mask, taken(nodes)), len(without)))
        served, left = without[: len(ranges)], without[len(ranges) :]
        self._full = bool(left)
        for node, found in zip(served, ranges, strict=True):
            patch = {"spec": {"podCIDR": str(found), "podCIDRs": [str(found)]}}
            yield Patch(NODES, node["metadata"]["name"], "", patch)
        yield from self._tell(left)

    def _tell(self, nodes: Iterable[Object]) -> Iterator[Action]:
        for node in nodes:
            if node["metadata"].get("uid", "") not in self._told:
                self._told.add(node["metadata"].get("uid", ""))
                text = f"Node {node['metadata']['name']} status is now: CIDRNotAvailable"
                yield Emit(node, "Normal", "CIDRNotAvailable", text)

    def concerned(self, node: Object, seen: Observed) -> Sequence[Key]:
        """Only nodes without a range, and deleted ones, whose range another may be waiting for: heartbeats cost
        nothing. While there is no range left, a node without one is told once, without a look at all nodes: a cluster
        of thousands that outgrew its range would else look at all of them for each event of each."""
        name = node["metadata"]["name"]
        present = seen.get(NODES, name)
        if present is None or _gave_up(node, present):
            self._full = False
            return (ALL,)
        if not wants_range(present):
            return ()
        if not self._full:
            return (ALL,)
        return () if present["metadata"].get("uid", "") in self._told else (Key("", name),)


def wants_range(node: Object) -> bool:
    return not (node.get("spec") or {}).get("podCIDR") and not node["metadata"].get("deletionTimestamp")


def taken(nodes: Iterable[Object]) -> list[_Range]:
    """What nodes have; ranges of others than this allocator too."""
    found: list[_Range] = []
    for node in nodes:
        spec = node.get("spec") or {}
        for text in spec.get("podCIDRs") or ([spec["podCIDR"]] if spec.get("podCIDR") else ()):
            found.append(ipaddress.ip_network(text, strict=False))
    return found


def free_ranges(cluster: _Range, mask: int, used: Iterable[_Range]) -> Iterator[_Range]:
    """The parts of the cluster's range that overlap with none of the used ones, lowest first."""
    size = 1 << (cluster.max_prefixlen - mask)
    start, end = int(cluster.network_address), int(cluster.broadcast_address)
    blocked: set[int] = set()
    for each in used:
        if each.version == cluster.version and each.overlaps(cluster):
            first, last = max(start, int(each.network_address)), min(end, int(each.broadcast_address))
            blocked.update(range((first - start) // size, (last - start) // size + 1))
    for index in range((end - start + 1) // size):
        if index not in blocked:
            yield type(cluster)((start + index * size, mask))


def _gave_up(node: Object, present: Object) -> bool:
    """Whether a node of that name had a range that the present one has not: it was deleted and is there again."""
    had = (node.get("spec") or {}).get("podCIDR")
    return bool(had) and had != (present.get("spec") or {}).get("podCIDR")


def _age(node: Object) -> tuple[str, str]:
    return str(node["metadata"].get("creationTimestamp") or ""), node["metadata"]["name"]


def reconciler(cluster: str, mask: int) -> Reconciler:
    found = PodCidrs(cluster, mask)
    return Reconciler(
        name="nodeipam", primary=NODES, watches=(Watching(NODES, found.concerned),), decide=found.decide, workers=1,
    )  # fmt: skip
