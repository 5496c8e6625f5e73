"""Which node announces which address. Every node decides the same from the same objects, without asking another. Pure.

A node that comes or goes moves only its own share of the addresses (rendezvous hashing).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from sampan.contracts.kinds import Object
from sampan_loadbalancer.allocating import current, is_mine

EXCLUDED = "node.kubernetes.io/exclude-from-external-load-balancers"
SERVICE_LABEL = "kubernetes.io/service-name"


def announced(
    services: Iterable[Object], nodes: Iterable[Object], slices: Iterable[Object], node: str, own_class: str
) -> frozenset[str]:
    """The addresses that ``node`` announces."""
    eligible = {one["metadata"]["name"] for one in nodes if is_eligible(one)}
    local = _nodes_with_endpoints(slices)
    candidates: dict[str, set[str]] = {}
    for service in services:
        address = current(service)
        if not address or not is_mine(service, own_class):
            continue
        found = set(eligible)
        if service["spec"].get("externalTrafficPolicy") == "Local":
            key = service["metadata"]["namespace"], service["metadata"]["name"]
            found &= local.get(key, set())
        candidates.setdefault(address, found).intersection_update(found)
    return frozenset(address for address, found in candidates.items() if elected(address, found) == node)


def elected(address: str, nodes: Iterable[str]) -> str:
    """One of the nodes, "" where there is none."""
    return max(nodes, key=lambda name: hashlib.sha256(f"{address} {name}".encode()).digest(), default="")


def is_eligible(node: Object) -> bool:
    labels: Mapping[str, str] = node["metadata"].get("labels") or {}
    conditions = (node.get("status") or {}).get("conditions") or ()
    ready = any(one.get("type") == "Ready" and one.get("status") == "True" for one in conditions)
    return ready and EXCLUDED not in labels and not node["metadata"].get("deletionTimestamp")


def _nodes_with_endpoints(slices: Iterable[Object]) -> dict[tuple[str, str], set[str]]:
    found: dict[tuple[str, str], set[str]] = {}
    for slice_ in slices:
        name = (slice_["metadata"].get("labels") or {}).get(SERVICE_LABEL)
        for endpoint in slice_.get("endpoints") or () if name else ():
            if (endpoint.get("conditions") or {}).get("ready", True) is not False and endpoint.get("nodeName"):
                found.setdefault((slice_["metadata"]["namespace"], str(name)), set()).add(endpoint["nodeName"])
    return found
