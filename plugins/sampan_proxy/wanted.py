"""From Services and EndpointSlices to frontends and their backends. Pure; knows neither nftables nor sockets."""

from __future__ import annotations

import ipaddress
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
    sources: tuple[str, ...] = ()  # ranges that may use it; empty: everybody


Wanted = dict[Frontend, BackendSet]
ServiceKey = tuple[str, str]  # namespace, name


def wanted(services: Iterable[Object], slices: Iterable[Object], node: str = "", zone: str = "") -> Wanted:
    """Every frontend of every Service; of several Services that claim one, the first by name has it."""
    by_service: dict[ServiceKey, list[Object]] = {}
    for slice_ in slices:
        if key := service_of_slice(slice_):
            by_service.setdefault(key, []).append(slice_)
    result: Wanted = {}
    for service in sorted(services, key=service_key):
        for front, serving in of_service(service, by_service.get(service_key(service), ()), node, zone).items():
            result.setdefault(front, serving)
    return result


def service_key(service: Object) -> ServiceKey:
    return service["metadata"]["namespace"], service["metadata"]["name"]


def service_of_slice(slice_: Object) -> ServiceKey | None:
    """The Service that a slice belongs to; None where it is of none, or of another family than IPv4."""
    name = (slice_["metadata"].get("labels") or {}).get(SERVICE_LABEL)
    return (slice_["metadata"]["namespace"], name) if name and slice_.get("addressType") == "IPv4" else None


def of_service(service: Object, slices: Iterable[Object], node: str = "", zone: str = "") -> Wanted:
    """The frontends of one Service. ``node`` is where the policy Local looks for backends, and with ``zone`` what hints
    are compared with."""
    spec = service["spec"]
    if spec.get("type") == "ExternalName" or spec.get("clusterIP") in (None, "", "None"):
        return {}
    own = list(slices)
    result: Wanted = {}
    inside, outside = (
        node if spec.get(f"{which}TrafficPolicy") == "Local" else "" for which in ("internal", "external")
    )
    affinity = _affinity(spec)
    for port in spec.get("ports") or ():
        protocol = port.get("protocol", "TCP").lower()
        served = BackendSet(_backends(own, port, inside, node, zone), affinity)
        result[Frontend(spec["clusterIP"], protocol, port["port"])] = served
        if not is_open(service):
            continue
        served = BackendSet(_backends(own, port, outside, node, zone), affinity, bool(outside))
        for address in spec.get("externalIPs") or ():
            if ":" not in address:
                result[Frontend(address, protocol, port["port"])] = served
        for address in _balanced(service):
            front = Frontend(address, protocol, port["port"])
            result[front] = served._replace(sources=_sources(spec))
        if port.get("nodePort"):
            result[Frontend("", protocol, port["nodePort"])] = served
    return result


def is_open(service: Object) -> bool:
    """Whether it has a frontend outside of the cluster."""
    spec = service["spec"]
    ports = spec.get("ports") or ()
    return bool(spec.get("externalIPs") or _balanced(service) or any(port.get("nodePort") for port in ports))


def health_check(service: Object, slices: Iterable[Object], node: str) -> tuple[int, int]:
    """(health check node port, endpoints on this node); port 0: none."""
    spec = service["spec"]
    port = spec.get("healthCheckNodePort") or 0
    if not port or spec.get("type") != "LoadBalancer" or spec.get("externalTrafficPolicy") != "Local":
        return 0, 0
    return port, len({
        endpoint["addresses"][0]
        for slice_ in slices for endpoint in slice_.get("endpoints") or ()
        if endpoint.get("nodeName") == node and (endpoint.get("conditions") or {}).get("ready", True) is not False
    })  # fmt: skip


def _affinity(spec: Object) -> int:
    if spec.get("sessionAffinity") != "ClientIP":
        return 0
    client = (spec.get("sessionAffinityConfig") or {}).get("clientIP") or {}
    return int(client.get("timeoutSeconds") or AFFINITY_SECONDS)


def _balanced(service: Object) -> list[str]:
    """Addresses that a load balancer has given, where packets arrive with them as their target."""
    ingress = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    given = [i["ip"] for i in ingress if i.get("ip") and i.get("ipMode", "VIP") == "VIP"]
    return [address for address in dict.fromkeys(given) if ":" not in address]


def _sources(spec: Object) -> tuple[str, ...]:
    """Ranges that do not overlap, as a set of intervals needs them; () where everybody may."""
    texts = [text.strip() for text in spec.get("loadBalancerSourceRanges") or ()]
    ranges = (ipaddress.IPv4Network(text, strict=False) for text in texts if ":" not in text)
    found = tuple(str(one) for one in ipaddress.collapse_addresses(ranges))
    return () if found == ("0.0.0.0/0",) else found


def _backends(slices: list[Object], port: Object, only: str, node: str, zone: str) -> tuple[Backend, ...]:
    """Ready endpoints; where there are none, those that still serve while they end (KEP-1672). ``only``: those of that
    node; else those whose hints say this node or zone (KEP-2433, KEP-3015), where all have hints and some say it."""
    ready: dict[Backend, Object] = {}
    ending: set[Backend] = set()
    for slice_ in slices:
        number = _number(slice_, port)
        if not number:
            continue
        for endpoint in slice_.get("endpoints") or ():
            if only and endpoint.get("nodeName") != only:
                continue
            conditions = endpoint.get("conditions") or {}
            backend = Backend(endpoint["addresses"][0], number)
            if conditions.get("ready", True) is not False:
                ready[backend] = endpoint.get("hints") or _NO_HINTS
            elif conditions.get("serving") and conditions.get("terminating"):
                ending.add(backend)
    if ready and not only:
        return tuple(sorted(_near(ready, node, zone)))
    return tuple(sorted(ready or ending))


_NO_HINTS: Object = {}


def _near(ready: dict[Backend, Object], node: str, zone: str) -> Iterable[Backend]:
    for kind, here in (("forNodes", node), ("forZones", zone)):
        if here and all(hints.get(kind) for hints in ready.values()):
            near = [b for b, hints in ready.items() if any(one.get("name") == here for one in hints[kind])]
            if near:
                return near
    return ready


def _number(slice_: Object, port: Object) -> int:
    for found in slice_.get("ports") or ():
        same_name = (found.get("name") or "") == (port.get("name") or "")
        if same_name and found.get("protocol", "TCP") == port.get("protocol", "TCP"):
            return int(found.get("port") or 0)
    return 0
