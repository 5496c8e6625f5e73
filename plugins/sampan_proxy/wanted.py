"""From Services and EndpointSlices to what has to be reachable where. Pure; knows neither nftables nor sockets."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sampan.contracts.kinds import Object

SERVICE_LABEL = "kubernetes.io/service-name"


class Front(NamedTuple):
    """An address that clients use. ``address`` is "" for a node port."""

    address: str
    protocol: str  # tcp, udp, sctp
    port: int


class Backend(NamedTuple):
    address: str
    port: int


Wanted = dict[Front, tuple[Backend, ...]]


def wanted(services: Iterable[Object], slices: Iterable[Object]) -> Wanted:
    """Every front of every Service with its backends in a stable order; no backends: an empty tuple."""
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
        for port in spec.get("ports") or ():
            backends = _backends(own, port)
            protocol = port.get("protocol", "TCP").lower()
            for address in _addresses(service):
                result[Front(address, protocol, port["port"])] = backends
            if port.get("nodePort"):
                result[Front("", protocol, port["nodePort"])] = backends
    return result


def _addresses(service: Object) -> list[str]:
    ingress = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    given = [i["ip"] for i in ingress if i.get("ip") and i.get("ipMode", "VIP") == "VIP"]
    found = [service["spec"]["clusterIP"], *(service["spec"].get("externalIPs") or ()), *given]
    return [address for address in dict.fromkeys(found) if ":" not in address]


def _backends(slices: list[Object], port: Object) -> tuple[Backend, ...]:
    """Ready endpoints; where there are none, those that still serve while they end (KEP-1672)."""
    ready: set[Backend] = set()
    ending: set[Backend] = set()
    for slice_ in slices:
        number = _number(slice_, port)
        if not number:
            continue
        for endpoint in slice_.get("endpoints") or ():
            conditions = endpoint.get("conditions") or {}
            if conditions.get("ready", True) is not False:
                ready.update(Backend(address, number) for address in endpoint["addresses"][:1])
            elif conditions.get("serving") and conditions.get("terminating"):
                ending.update(Backend(address, number) for address in endpoint["addresses"][:1])
    return tuple(sorted(ready or ending))


def _number(slice_: Object, port: Object) -> int:
    for found in slice_.get("ports") or ():
        if (found.get("name") or "") == (port.get("name") or "") and found.get("protocol") == port.get("protocol", "TCP"):
            return int(found.get("port") or 0)
    return 0
