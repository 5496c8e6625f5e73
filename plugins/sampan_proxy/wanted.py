"""From Services and EndpointSlices to frontends and their backends. Pure; knows neither nftables nor sockets."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sampan.contracts.kinds import Object

SERVICE_LABEL = "kubernetes.io/service-name"
AFFINITY_SECONDS = 10800


class Frontend(NamedTuple):
    """An address that clients use. ``address`` is "" for a node port."""

    address: str
    protocol: str  # tcp, udp, sctp
    port: int


class Backend(NamedTuple):
    address: str
    port: int


class BackendSet(NamedTuple):
    """The backends of a frontend, and how they are chosen."""

    backends: tuple[Backend, ...]  # in a stable order; empty: connections are refused
    affinity: int = 0  # seconds for which a client stays with its backend, 0: not at all
    keeps_source: bool = False  # backends see the client's own address (externalTrafficPolicy Local)


Wanted = dict[Frontend, BackendSet]


def wanted(services: Iterable[Object], slices: Iterable[Object], node: str = "") -> Wanted:
    """Every front of every Service; ``node`` is where the policy Local looks for backends."""
    by_service: dict[tuple[str, str], list[Object]] = {}
    for slice_ in slices:
        name = (slice_["metadata"].get("labels") or {}).get(SERVICE_LABEL)
        if name and slice_.get("addressType") == "IPv4":
            by_service.setdefault((slice_["metadata"]["namespace"], name), []).append(slice_)
    result: Wanted = {}
    for service in services:
        spec, metadata = service["spec"], service["metadata"]
        if spec.get("type") == "ExternalName" or spec.get("clusterIP") in (None, "", "None"):
            continue
        own = by_service.get((metadata["namespace"], metadata["name"]), [])
        inside, outside = (
            node if spec.get(f"{which}TrafficPolicy") == "Local" else "" for which in ("internal", "external")
        )
        affinity = _affinity(spec)
        for port in spec.get("ports") or ():
            protocol = port.get("protocol", "TCP").lower()
            served = BackendSet(_backends(own, port, inside), affinity)
            result[Frontend(spec["clusterIP"], protocol, port["port"])] = served
            served = BackendSet(_backends(own, port, outside), affinity, bool(outside))
            for address in _outer_addresses(service):
                result[Frontend(address, protocol, port["port"])] = served
            if port.get("nodePort"):
                result[Frontend("", protocol, port["nodePort"])] = served
    return result


def _affinity(spec: Object) -> int:
    if spec.get("sessionAffinity") != "ClientIP":
        return 0
    client = (spec.get("sessionAffinityConfig") or {}).get("clientIP") or {}
    return int(client.get("timeoutSeconds") or AFFINITY_SECONDS)


def _outer_addresses(service: Object) -> list[str]:
    ingress = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    given = [i["ip"] for i in ingress if i.get("ip") and i.get("ipMode", "VIP") == "VIP"]
    found = [*(service["spec"].get("externalIPs") or ()), *given]
    return [address for address in dict.fromkeys(found) if ":" not in address]


def _backends(slices: list[Object], port: Object, node: str) -> tuple[Backend, ...]:
    """Ready endpoints; where there are none, those that still serve while they end (KEP-1672)."""
    ready: set[Backend] = set()
    ending: set[Backend] = set()
    for slice_ in slices:
        number = _number(slice_, port)
        if not number:
            continue
        for endpoint in slice_.get("endpoints") or ():
            if node and endpoint.get("nodeName") != node:
                continue
            conditions = endpoint.get("conditions") or {}
            if conditions.get("ready", True) is not False:
                ready.update(Backend(address, number) for address in endpoint["addresses"][:1])
            elif conditions.get("serving") and conditions.get("terminating"):
                ending.update(Backend(address, number) for address in endpoint["addresses"][:1])
    return tuple(sorted(ready or ending))


def _number(slice_: Object, port: Object) -> int:
    for found in slice_.get("ports") or ():
        same_name = (found.get("name") or "") == (port.get("name") or "")
        if same_name and found.get("protocol", "TCP") == port.get("protocol", "TCP"):
            return int(found.get("port") or 0)
    return 0
