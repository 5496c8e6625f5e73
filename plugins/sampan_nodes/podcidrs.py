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

ALL = Key("", "podcidrs")  # the one key: a range is chosen with a look at all nodes
_Range = ipaddress.IPv4Network | ipaddress.IPv6Network


class PodCidrs:
    """``decide`` is a Reconciler's. ``mask``: prefix length of a node's range."""

    def __init__(self, cluster: str, mask: int) -> None:
        self._cluster, self._mask = ipaddress.ip_network(cluster), mask
        self._told: set[str] = set()  # uids of nodes for which there was no range, so that each is told once

    def decide(self, key: Key, seen: Observed) -> Iterator[Action]:
        nodes = seen.list(NODES)
        without = sorted((one for one in nodes if wants_range(one)), key=_age)
        if not without:
            return
        ranges = free_ranges(self._cluster, self._mask, taken(nodes))
        for node, found in zip(without, islice(ranges, len(without)), strict=False):
            patch = {"spec": {"podCIDR": str(found), "podCIDRs": [str(found)]}}
            yield Patch(NODES, node["metadata"]["name"], "", patch)
            without = without[1:]
        for node in without:
            if node["metadata"].get("uid", "") not in self._told:
                self._told.add(node["metadata"].get("uid", ""))
                text = f"Node {node['metadata']['name']} status is now: CIDRNotAvailable"
                yield Emit(node, "Normal", "CIDRNotAvailable", text)


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


def concerned(node: Object, seen: Observed) -> Sequence[Key]:
    """Only nodes without a range, and deleted ones, whose range another may be waiting for: heartbeats cost nothing."""
    present = seen.get(NODES, node["metadata"]["name"])
    return (ALL,) if present is None or wants_range(present) else ()


def _age(node: Object) -> tuple[str, str]:
    return str(node["metadata"].get("creationTimestamp") or ""), node["metadata"]["name"]


def reconciler(cluster: str, mask: int) -> Reconciler:
    return Reconciler(
        name="nodeipam", primary=NODES, watches=(Watching(NODES, concerned),),
        decide=PodCidrs(cluster, mask).decide, workers=1,
    )  # fmt: skip
