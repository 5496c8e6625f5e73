"""What Services, Endpoints, EndpointSlices and IPAddresses must fulfil. Source: their API references."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any

from sampan.contracts.kinds import Object, Problem
from sampan.objects import names, problems

TYPES = ("ClusterIP", "NodePort", "LoadBalancer", "ExternalName")
AFFINITIES = ("ClientIP", "None")
PROTOCOLS = ("TCP", "UDP", "SCTP")
OPEN_TYPES = ("NodePort", "LoadBalancer")
POLICIES = ("Cluster", "Local")
IP_POLICIES = ("SingleStack", "PreferDualStack", "RequireDualStack")
ADDRESS_TYPES = ("IPv4", "IPv6", "FQDN")
LONGEST_AFFINITY = 86400
LARGEST_SLICE = 1000
LARGEST_PORTS = 100


def validate_service(new: Object, old: Object | None) -> Iterator[Problem]:
    spec = new["spec"]
    yield from _one_of("spec.type", spec.get("type"), TYPES)
    yield from _one_of("spec.sessionAffinity", spec.get("sessionAffinity"), AFFINITIES)
    ports = spec.get("ports") or []
    if not ports and spec.get("type") != "ExternalName" and spec.get("clusterIP") != "None":
        yield problems.required("spec.ports")
    yield from _service_ports(ports)
    for key, value in (spec.get("selector") or {}).items():
        for complaint in (*names.label_key(key), *names.label_value(value)):
            yield problems.invalid("spec.selector", key, complaint)
    if spec.get("type") == "ExternalName":
        yield from _external_name(spec.get("externalName") or "")
    if spec.get("type") in ("NodePort", "LoadBalancer") and spec.get("clusterIP") == "None":
        yield problems.invalid("spec.clusterIPs[0]", "None", f"may not be set to 'None' for {spec['type']} services")
    seconds = ((spec.get("sessionAffinityConfig") or {}).get("clientIP") or {}).get("timeoutSeconds")
    if seconds is not None and not 0 < seconds <= LONGEST_AFFINITY:
        path = "spec.sessionAffinityConfig.clientIP.timeoutSeconds"
        yield problems.invalid(path, seconds, f"must be greater than 0 and less than {LONGEST_AFFINITY}")
    if old is not None and spec.get("type") == old["spec"].get("type") == "LoadBalancer":
        wanted, before = spec.get("loadBalancerClass"), old["spec"].get("loadBalancerClass")
        if wanted != before:
            yield problems.invalid("spec.loadBalancerClass", wanted or "", "may not change once set")
    for name in ("internalTrafficPolicy", "externalTrafficPolicy"):
        if spec.get(name):
            yield from _one_of(f"spec.{name}", spec[name], POLICIES)
    for index, address in enumerate(spec.get("externalIPs") or ()):
        yield from _ip(f"spec.externalIPs[{index}]", address)
    yield from _families(spec)
    yield from _balancer(new)
    if old is not None:
        yield from _unchanged_ip(spec, old["spec"])


def _families(spec: Object) -> Iterator[Problem]:
    """One family, IPv4: this cluster has no dual stack."""
    if spec.get("type") == "ExternalName":
        return
    if spec.get("ipFamilyPolicy") == "RequireDualStack":
        why = "this cluster is not configured for dual-stack services"
        yield problems.invalid("spec.ipFamilyPolicy", spec["ipFamilyPolicy"], why)
    elif spec.get("ipFamilyPolicy"):
        yield from _one_of("spec.ipFamilyPolicy", spec["ipFamilyPolicy"], IP_POLICIES)
    for index, family in enumerate(spec.get("ipFamilies") or ()):
        if family != "IPv4":
            yield problems.invalid(f"spec.ipFamilies[{index}]", family, "not configured on this cluster")
    given = spec.get("clusterIPs") or []
    if given and given[0] != (spec.get("clusterIP") or ""):
        yield problems.invalid("spec.clusterIPs", given, "first value must match `clusterIP`")


def _balancer(service: Object) -> Iterator[Problem]:
    """What only a Service of type LoadBalancer, or one reachable from outside, may have."""
    spec = service["spec"]
    is_balanced = spec.get("type") == "LoadBalancer"
    if not is_balanced:
        for name in ("loadBalancerClass", "allocateLoadBalancerNodePorts"):
            if spec.get(name) is not None:
                yield problems.forbidden(f"spec.{name}", "may only be used when `type` is 'LoadBalancer'")
    if spec.get("externalTrafficPolicy") and not (spec.get("type") in OPEN_TYPES or spec.get("externalIPs")):
        why = "may only be set for externally-accessible services"
        yield problems.invalid("spec.externalTrafficPolicy", spec["externalTrafficPolicy"], why)
    ingress = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    if ingress and not is_balanced:
        yield problems.forbidden("status.loadBalancer.ingress", 'may only be used when `spec.type` is "LoadBalancer"')
    for index, place in enumerate(ingress):
        path = f"status.loadBalancer.ingress[{index}]"
        if place.get("ip"):
            yield from _ip(f"{path}.ip", place["ip"])
            yield from _one_of(f"{path}.ipMode", place.get("ipMode"), ("VIP", "Proxy"))
        elif place.get("ipMode"):
            yield problems.forbidden(f"{path}.ipMode", "may not be specified when `ip` is not set")
        for complaint in names.dns_subdomain(place["hostname"]) if place.get("hostname") else ():
            yield problems.invalid(f"{path}.hostname", place["hostname"], complaint)


def _service_ports(ports: list[dict[str, Any]]) -> Iterator[Problem]:
    taken: set[str] = set()
    seen: set[tuple[Any, Any]] = set()
    for index, port in enumerate(ports):
        path = f"spec.ports[{index}]"
        name = port.get("name") or ""
        if not name and len(ports) > 1:
            yield problems.required(f"{path}.name")
        elif name:
            for complaint in names.dns_label(name):
                yield problems.invalid(f"{path}.name", name, complaint)
            if name in taken:
                yield problems.duplicate(f"{path}.name", name)
            taken.add(name)
        yield from _port(f"{path}.port", port.get("port"))
        yield from _one_of(f"{path}.protocol", port.get("protocol"), PROTOCOLS)
        target = port.get("targetPort")
        if isinstance(target, int):
            yield from _port(f"{path}.targetPort", target)
        else:
            for complaint in names.port_name(target) if target else ():
                yield problems.invalid(f"{path}.targetPort", target, complaint)
        pair = (port.get("protocol"), port.get("port"))
        if pair in seen:
            yield problems.duplicate(path, {"protocol": pair[0], "port": pair[1]})
        seen.add(pair)


def _external_name(name: str) -> Iterator[Problem]:
    text = name.rstrip(".")
    if not text:
        yield problems.required("spec.externalName")
        return
    for complaint in names.dns_subdomain(text):
        yield problems.invalid("spec.externalName", name, complaint)


def _unchanged_ip(spec: Object, before: Object) -> Iterator[Problem]:
    if "ExternalName" in (spec.get("type"), before.get("type")):
        return
    old = before.get("clusterIP")
    if old and spec.get("clusterIP") != old:
        yield problems.invalid("spec.clusterIPs[0]", spec.get("clusterIP") or "", "may not change once set")


def validate_endpoints(new: Object, old: Object | None) -> Iterator[Problem]:
    for index, subset in enumerate(new.get("subsets") or ()):
        path = f"subsets[{index}]"
        if not subset.get("addresses") and not subset.get("notReadyAddresses"):
            yield problems.required(path, "must specify `addresses` or `notReadyAddresses`")
        for field in ("addresses", "notReadyAddresses"):
            for number, address in enumerate(subset.get(field) or ()):
                yield from _ip(f"{path}.{field}[{number}].ip", address.get("ip") or "")
        ports = subset.get("ports") or ()
        for number, port in enumerate(ports):
            where = f"{path}.ports[{number}]"
            if len(ports) > 1 and not port.get("name"):
                yield problems.required(f"{where}.name")
            yield from _port(f"{where}.port", port.get("port"))
            yield from _one_of(f"{where}.protocol", port.get("protocol"), PROTOCOLS)


def validate_slice(new: Object, old: Object | None) -> Iterator[Problem]:
    kind = new.get("addressType") or ""
    if not kind:
        yield problems.required("addressType")
    else:
        yield from _one_of("addressType", kind, ADDRESS_TYPES)
    if old is not None and old.get("addressType") != kind:
        yield problems.invalid("addressType", kind, "field is immutable")
    endpoints = new.get("endpoints") or ()
    if len(endpoints) > LARGEST_SLICE:
        text = f"Too many: {len(endpoints)}: must have at most {LARGEST_SLICE} items"
        yield Problem("endpoints", "FieldValueTooMany", text)
        return
    for index, endpoint in enumerate(endpoints):
        addresses = endpoint.get("addresses") or ()
        if not addresses:
            yield problems.required(f"endpoints[{index}].addresses", "must contain at least 1 address")
        for number, address in enumerate(addresses):
            if kind in ("IPv4", "IPv6"):
                yield from _ip(f"endpoints[{index}].addresses[{number}]", address)
    taken = set()
    for index, port in enumerate((new.get("ports") or ())[:LARGEST_PORTS]):
        if port.get("name") in taken:
            yield problems.duplicate(f"ports[{index}].name", port.get("name"))
        taken.add(port.get("name"))
        yield from _one_of(f"ports[{index}].protocol", port.get("protocol"), PROTOCOLS)


def validate_address(new: Object, old: Object | None) -> Iterator[Problem]:
    name = new["metadata"].get("name") or ""
    try:
        if str(ipaddress.ip_address(name)) != name:
            yield problems.invalid("metadata.name", name, "must be in canonical form")
    except ValueError:
        yield problems.invalid("metadata.name", name, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)")
    parent = (new.get("spec") or {}).get("parentRef")
    if not parent:
        yield problems.required("spec.parentRef")
        return
    for field in ("resource", "name"):
        if not parent.get(field):
            yield problems.required(f"spec.parentRef.{field}")
    if old is not None and (old.get("spec") or {}) != (new.get("spec") or {}):
        yield problems.invalid("spec.parentRef", parent, "field is immutable")


def _one_of(path: str, value: Any, allowed: tuple[str, ...]) -> Iterator[Problem]:
    if value not in allowed:
        yield problems.unsupported(path, value or "", allowed)


def _port(path: str, value: Any) -> Iterator[Problem]:
    if not isinstance(value, int) or not 1 <= value <= 65535:
        yield problems.invalid(path, 0 if value is None else value, "must be between 1 and 65535, inclusive")


def _ip(path: str, text: str) -> Iterator[Problem]:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        yield problems.invalid(path, text, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)")
