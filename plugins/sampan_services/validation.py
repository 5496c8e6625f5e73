"""What Services, Endpoints, EndpointSlices and IPAddresses must fulfil. Source: their API references."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any

from sampan.contracts.kinds import Object, Problem
from sampan_machinery import names, problems
from sampan_machinery.validation import by_rule, validate_cidr, validate_ip, validate_labels

TYPES = ("ClusterIP", "NodePort", "LoadBalancer", "ExternalName")
AFFINITIES = ("ClientIP", "None")
PROTOCOLS = ("TCP", "UDP", "SCTP")
OPEN_TYPES = ("NodePort", "LoadBalancer")
POLICIES = ("Cluster", "Local")
DISTRIBUTIONS = ("PreferClose", "PreferSameZone", "PreferSameNode")
FAMILIES = ("IPv4", "IPv6")
IP_POLICIES = ("SingleStack", "PreferDualStack", "RequireDualStack")
ADDRESS_TYPES = ("IPv4", "IPv6", "FQDN")
LONGEST_AFFINITY = 86400
LARGEST_SLICE = 1000
LARGEST_PORTS = 100


def validate_service(new: Object, old: Object | None) -> Iterator[Problem]:
    """In upstream's order: what an update may not change comes first."""
    spec = new["spec"]
    if old is not None:
        yield from _unchanged(spec, old["spec"])
    yield from _type_needs(spec)
    yield from _service_ports(spec.get("ports") or [])
    yield from validate_labels(spec.get("selector") or {}, "spec.selector")
    yield from _affinity(spec)
    yield from families(spec)
    for index, address in enumerate(spec.get("externalIPs") or ()):
        yield from _ip(f"spec.externalIPs[{index}]", address)
    yield from _one_of("spec.type", spec.get("type"), TYPES)
    yield from _repeated_ports(spec)
    yield from _balancer(new, old)
    yield from _traffic(spec)


def _type_needs(spec: Object) -> Iterator[Problem]:
    kind = spec.get("type")
    headless = spec.get("clusterIP") == "None"
    if not spec.get("ports") and not headless and kind != "ExternalName":
        yield problems.required("spec.ports")
    if kind in OPEN_TYPES and headless:
        yield problems.invalid("spec.clusterIPs[0]", "None", f"may not be set to 'None' for {kind} services")
    if kind == "ExternalName":
        if spec.get("clusterIPs") or spec.get("clusterIP"):
            yield problems.forbidden("spec.clusterIPs", "may not be set for ExternalName services")
        for name in ("ipFamilies", "ipFamilyPolicy"):
            if spec.get(name):
                yield problems.forbidden(f"spec.{name}", "may not be set for ExternalName services")
        yield from _external_name(spec.get("externalName") or "")


def _affinity(spec: Object) -> Iterator[Problem]:
    affinity, config = spec.get("sessionAffinity"), spec.get("sessionAffinityConfig")
    yield from _one_of("spec.sessionAffinity", affinity, AFFINITIES)
    seconds = ((config or {}).get("clientIP") or {}).get("timeoutSeconds")
    if affinity == "ClientIP" and seconds is not None and not 0 < seconds <= LONGEST_AFFINITY:
        path = "spec.sessionAffinityConfig.clientIP.timeoutSeconds"
        yield problems.invalid(path, seconds, f"must be greater than 0 and less than {LONGEST_AFFINITY}")
    elif affinity == "None" and config is not None:
        yield problems.forbidden("spec.sessionAffinityConfig", "must not be set when session affinity is None")


def families(spec: Object) -> Iterator[Problem]:
    """Addresses and families by themselves; then what this cluster does not have, IPv6."""
    if spec.get("type") == "ExternalName":
        return
    found = list(_addresses_and_families(spec))
    yield from found or _unavailable(spec)


def _addresses_and_families(spec: Object) -> Iterator[Problem]:
    first, given = spec.get("clusterIP") or "", spec.get("clusterIPs") or []
    if given and given[0] != first:
        why = "first value must match `clusterIP`" if first else "must be empty when `clusterIP` is not specified"
        yield problems.invalid("spec.clusterIPs", given, why)
    families, seen = spec.get("ipFamilies") or (), set()
    for index, family in enumerate(families):
        if family not in FAMILIES:
            yield problems.unsupported(f"spec.ipFamilies[{index}]", family, FAMILIES)
        if family in seen:
            yield problems.duplicate(f"spec.ipFamilies[{index}]", family)
        seen.add(family)
    policy = spec.get("ipFamilyPolicy")
    if policy is not None:
        yield from _one_of("spec.ipFamilyPolicy", policy, IP_POLICIES)
    bad = list(_cluster_ips(given or ([first] if first else []), given))
    yield from bad
    if len(given) > 2:
        yield problems.invalid("spec.clusterIPs", given, "may only hold up to 2 values")
    if bad or first == "None":
        return
    if len(given) > 1 and len({_ip_family(address) for address in given}) == 1:
        yield problems.invalid("spec.clusterIPs", given, "may specify no more than one IP for each IP family")
    for index, (address, family) in enumerate(zip(given, families, strict=False)):
        if _ip_family(address) != family:
            why = f"expected an {family} value as indicated by `ipFamilies[{index}]`"
            yield problems.invalid(f"spec.clusterIPs[{index}]", address, why)


def _ip_family(address: str) -> str:
    return "IPv6" if ":" in address else "IPv4"


def _cluster_ips(addresses: list[str], given: list[str]) -> Iterator[Problem]:
    for index, address in enumerate(addresses):
        if index == 0 and address == "None":
            if len(addresses) > 1:
                yield problems.invalid("spec.clusterIPs", given, "'None' must be the first and only value")
        else:
            yield from _ip(f"spec.clusterIPs[{index}]", address)


def _unavailable(spec: Object) -> Iterator[Problem]:
    """One family, IPv4: this cluster has no dual stack. Headless Services without selector are given nothing."""
    policy, families, given = spec.get("ipFamilyPolicy"), spec.get("ipFamilies") or (), spec.get("clusterIPs") or []
    found = []
    for several, what in ((given, "cluster IPs"), (families, "IP families")):
        if policy in (None, "SingleStack") and len(several) == 2:
            why = f"must be 'RequireDualStack' or 'PreferDualStack' when multiple {what} are specified"
            found.append(problems.invalid("spec.ipFamilyPolicy", policy or "SingleStack", why))
    for index, address in enumerate(given):
        if index >= len(families) and _ip_family(address) == "IPv6":
            why = "IPv6 is not configured on this cluster"
            found.append(problems.invalid(f"spec.clusterIPs[{index}]", given, why))
    yield from found
    if found or (spec.get("clusterIP") == "None" and not spec.get("selector")):
        return
    if policy == "RequireDualStack":
        why = "this cluster is not configured for dual-stack services"
        yield problems.invalid("spec.ipFamilyPolicy", policy, why)
    for index, family in enumerate(families):
        if family != "IPv4":
            yield problems.invalid(f"spec.ipFamilies[{index}]", family, "not configured on this cluster")


def _balancer(service: Object, old: Object | None) -> Iterator[Problem]:
    """What only a Service of type LoadBalancer may have."""
    spec = service["spec"]
    is_balanced, why = spec.get("type") == "LoadBalancer", "may only be used when `type` is 'LoadBalancer'"
    ranges, path = spec.get("loadBalancerSourceRanges") or (), "spec.LoadBalancerSourceRanges"
    if ranges and not is_balanced:
        yield problems.forbidden(path, why)
    known = [text.strip() for text in ((old or {}).get("spec") or {}).get("loadBalancerSourceRanges") or ()]
    for index, text in enumerate(ranges):
        yield from validate_cidr(f"{path}[{index}]", text.strip(), known=known)
    if not is_balanced:
        for name in ("allocateLoadBalancerNodePorts", "loadBalancerClass"):
            if spec.get(name) is not None:
                yield problems.forbidden(f"spec.{name}", why)
    elif spec.get("loadBalancerClass") is not None:
        yield from by_rule("spec.loadBalancerClass", spec["loadBalancerClass"], names.label_key)
    yield from _balancer_status(service, is_balanced=is_balanced)


def _balancer_status(service: Object, *, is_balanced: bool) -> Iterator[Problem]:
    ingress = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    if ingress and not is_balanced:
        yield problems.forbidden("status.loadBalancer.ingress", "may only be used when `spec.type` is 'LoadBalancer'")
        return
    for index, place in enumerate(ingress):
        path = f"status.loadBalancer.ingress[{index}]"
        if place.get("ip"):
            yield from _ip(f"{path}.ip", place["ip"])
            yield from _one_of(f"{path}.ipMode", place.get("ipMode"), ("VIP", "Proxy"))
        elif place.get("ipMode"):
            yield problems.forbidden(f"{path}.ipMode", "may not be specified when `ip` is not set")
        for complaint in names.dns_subdomain(place["hostname"]) if place.get("hostname") else ():
            yield problems.invalid(f"{path}.hostname", place["hostname"], complaint)


def _traffic(spec: Object) -> Iterator[Problem]:
    policy, port = spec.get("externalTrafficPolicy"), spec.get("healthCheckNodePort")
    if not (spec.get("type") in OPEN_TYPES or (spec.get("type") == "ClusterIP" and spec.get("externalIPs"))):
        if policy:
            why = "may only be set for externally-accessible services"
            yield problems.invalid("spec.externalTrafficPolicy", policy, why)
    elif policy:
        yield from _one_of("spec.externalTrafficPolicy", policy, POLICIES)
    if port and not (spec.get("type") == "LoadBalancer" and policy == "Local"):
        why = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
        yield problems.invalid("spec.healthCheckNodePort", port, why)
    if spec.get("internalTrafficPolicy"):
        yield from _one_of("spec.internalTrafficPolicy", spec["internalTrafficPolicy"], POLICIES)
    if (wish := spec.get("trafficDistribution")) is not None and wish not in DISTRIBUTIONS:
        yield problems.unsupported_in_order("spec.trafficDistribution", wish, DISTRIBUTIONS)


def _service_ports(ports: list[dict[str, Any]]) -> Iterator[Problem]:
    taken: set[str] = set()
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
        target = port.get("targetPort", 0)
        if isinstance(target, int):
            yield from _port(f"{path}.targetPort", target)
        else:
            yield from by_rule(f"{path}.targetPort", target, names.port_name)
        if port.get("appProtocol") is not None:
            yield from by_rule(f"{path}.appProtocol", port["appProtocol"], names.label_key)


def _repeated_ports(spec: Object) -> Iterator[Problem]:
    ports = spec.get("ports") or []
    if spec.get("type") == "ClusterIP":
        for index, port in enumerate(ports):
            if port.get("nodePort"):
                yield problems.forbidden(f"spec.ports[{index}].nodePort", "may not be used when `type` is 'ClusterIP'")
    for name in ("nodePort", "port"):
        seen: set[tuple[Any, Any]] = set()
        for index, port in enumerate(ports):
            pair = (port.get("protocol"), port.get(name))
            if pair[1] and pair in seen:
                path = f"spec.ports[{index}]"
                shown = {"protocol": pair[0], "port": pair[1]}
                yield (
                    problems.duplicate(f"{path}.{name}", pair[1])
                    if name == "nodePort"
                    else problems.duplicate(path, shown)
                )
            seen.add(pair)


def _external_name(name: str) -> Iterator[Problem]:
    text = name.removesuffix(".")
    if not text:
        yield problems.required("spec.externalName")
        return
    for complaint in names.dns_subdomain(text):
        yield problems.invalid("spec.externalName", text, complaint)


def _unchanged(spec: Object, before: Object) -> Iterator[Problem]:
    old = before.get("clusterIP")
    if "ExternalName" not in (spec.get("type"), before.get("type")) and old and spec.get("clusterIP") != old:
        yield problems.invalid("spec.clusterIPs[0]", spec.get("clusterIP") or "", "may not change once set")
    if spec.get("type") == before.get("type") == "LoadBalancer":
        wanted = spec.get("loadBalancerClass")
        if wanted != before.get("loadBalancerClass"):
            yield problems.invalid("spec.loadBalancerClass", wanted or "", "may not change once set")


def validate_endpoints(new: Object, old: Object | None) -> Iterator[Problem]:
    for index, subset in enumerate(new.get("subsets") or ()):
        path = f"subsets[{index}]"
        if not subset.get("addresses") and not subset.get("notReadyAddresses"):
            yield problems.required(path, "must specify `addresses` or `notReadyAddresses`")
        for field in ("addresses", "notReadyAddresses"):
            for number, address in enumerate(subset.get(field) or ()):
                yield from _endpoint(f"{path}.{field}[{number}]", address)
        ports = subset.get("ports") or ()
        for number, port in enumerate(ports):
            where = f"{path}.ports[{number}]"
            if len(ports) > 1 and not port.get("name"):
                yield problems.required(f"{where}.name")
            if port.get("name"):
                yield from by_rule(f"{where}.name", port["name"], names.dns_label)
            yield from _port(f"{where}.port", port.get("port"))
            yield from _one_of(f"{where}.protocol", port.get("protocol"), PROTOCOLS)
            if port.get("appProtocol") is not None:
                yield from by_rule(f"{where}.appProtocol", port["appProtocol"], names.label_key)


def _endpoint(path: str, address: Object) -> Iterator[Problem]:
    text = address.get("ip") or ""
    bad = list(_ip(f"{path}.ip", text))
    yield from bad
    if address.get("hostname"):
        yield from by_rule(f"{path}.hostname", address["hostname"], names.dns_label)
    if address.get("nodeName") is not None:
        yield from by_rule(f"{path}.nodeName", address["nodeName"], names.dns_subdomain)
    if any("must be a valid IP address" in problem.message for problem in bad):  # sic: upstream looks at it twice
        yield problems.invalid(f"{path}.ip", text, "must be a valid IP address")


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
    taken = set()
    for index, port in enumerate((new.get("ports") or ())[:LARGEST_PORTS]):
        yield from by_rule(f"ports[{index}].name", port["name"], names.dns_label) if port.get("name") else ()
        if port.get("name") in taken:
            yield problems.duplicate(f"ports[{index}].name", port.get("name"))
        taken.add(port.get("name"))
        yield from _one_of(f"ports[{index}].protocol", port.get("protocol"), PROTOCOLS)
        if port.get("appProtocol") is not None:
            yield from by_rule(f"ports[{index}].appProtocol", port["appProtocol"], names.label_key)
    for index, endpoint in enumerate(endpoints):
        addresses = endpoint.get("addresses") or ()
        if not addresses:
            yield problems.required(f"endpoints[{index}].addresses", "must contain at least 1 address")
        for number, address in enumerate(addresses):
            if kind in ("IPv4", "IPv6"):
                yield from _slice_address(f"endpoints[{index}].addresses", number, address, kind)
        yield from _slice_place(f"endpoints[{index}]", endpoint)


def _slice_address(path: str, number: int, address: str, kind: str) -> Iterator[Problem]:
    bad = list(_ip(f"{path}[{number}]", address))
    if bad:
        yield from bad
    elif (":" in address) != (kind == "IPv6"):
        yield problems.invalid(path, address, f"must be an {kind} address")


def _slice_place(path: str, endpoint: Object) -> Iterator[Problem]:
    if endpoint.get("nodeName") is not None:
        yield from by_rule(f"{path}.nodeName", endpoint["nodeName"], names.dns_subdomain)
    if endpoint.get("hostname") is not None:
        yield from by_rule(f"{path}.hostname", endpoint["hostname"], names.dns_label)


def validate_address(new: Object, old: Object | None) -> Iterator[Problem]:
    parent = (new.get("spec") or {}).get("parentRef")
    if parent is None:
        yield problems.required("spec.parentRef")
        return
    if parent.get("group"):
        yield from by_rule("spec.parentRef.group", parent["group"], names.dns_subdomain)
    for field in ("resource", "name", "namespace"):
        if parent.get(field):
            yield from by_rule(f"spec.parentRef.{field}", parent[field], names.path_segment)
        elif field != "namespace":
            yield problems.required(f"spec.parentRef.{field}")
    if old is not None and (old.get("spec") or {}) != (new.get("spec") or {}):
        yield problems.invalid("spec.parentRef", parent, "field is immutable")


def validate_cidr_range(new: Object, old: Object | None) -> Iterator[Problem]:
    """A ServiceCIDR: one range, or one of each family; a second may be added, nothing else changed."""
    cidrs = (new.get("spec") or {}).get("cidrs") or []
    before = None if old is None else (old.get("spec") or {}).get("cidrs") or []
    if before is None:
        yield from _cidrs(cidrs)
    elif len(before) == len(cidrs) or (len(before), len(cidrs)) == (1, 2):
        for index, cidr in enumerate(before):
            if cidr != cidrs[index]:
                yield problems.invalid(f"spec.cidrs[{index}]", cidrs[index], "field is immutable")
        if len(before) != len(cidrs):
            yield from _cidrs(cidrs)
    else:
        yield problems.invalid("spec.cidrs", cidrs, "field is immutable")


def _cidrs(cidrs: list[str]) -> Iterator[Problem]:
    path = "spec.cidrs"
    if not cidrs:
        yield problems.required(path, "at least one CIDR required")
        return
    if len(cidrs) > 2:
        yield problems.invalid(path, {"cidrs": cidrs}, "may only hold up to 2 values")
        return
    for index, cidr in enumerate(cidrs):
        yield from validate_cidr(f"{path}[{index}]", cidr, canonical=True)
    families = [_family(cidr) for cidr in cidrs]
    if len(cidrs) == 2 and families[0] == families[1] != 0:
        why = "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64"
        yield problems.invalid(path, cidrs, why)


def _family(cidr: str) -> int:
    """4, 6, or 0 for what is no range."""
    try:
        return ipaddress.ip_network(cidr, strict=False).version
    except ValueError:
        return 0


def _one_of(path: str, value: Any, allowed: tuple[str, ...]) -> Iterator[Problem]:
    if value not in allowed:
        yield problems.unsupported(path, value or "", allowed)


def _port(path: str, value: Any) -> Iterator[Problem]:
    if not isinstance(value, int) or not 1 <= value <= 65535:
        yield problems.invalid(path, 0 if value is None else value, "must be between 1 and 65535, inclusive")


def _ip(path: str, text: str) -> Iterator[Problem]:
    yield from validate_ip(path, text)
