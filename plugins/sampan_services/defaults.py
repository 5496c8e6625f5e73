"""Defaults of Service, Endpoints and EndpointSlice. Source: core/v1 and discovery.k8s.io/v1 API references."""

from __future__ import annotations

from typing import Any

from sampan.contracts.kinds import Draft, Object

AFFINITY_SECONDS = 10800
OPEN_TYPES = ("NodePort", "LoadBalancer")  # reachable from outside the cluster


def prepare_service(draft: Draft) -> None:
    """Carry over what an update may leave out, and drop what the new type does not have (KEP-1881's wipe rules)."""
    spec = draft.object.setdefault("spec", {})
    if draft.old is not None and not draft.subresource:
        _carry_over(draft.object, spec, draft.old["spec"])
    if spec.get("type") != "ExternalName":  # not among the defaults: the creator does not own them
        open_headless = spec.get("clusterIP") == "None" and not spec.get("selector")  # its endpoints may be of either
        spec.setdefault("ipFamilyPolicy", "RequireDualStack" if open_headless else "SingleStack")
        two = open_headless and spec["ipFamilyPolicy"] != "SingleStack"
        if not any(":" in address for address in (spec.get("clusterIP") or "", *(spec.get("clusterIPs") or ()))):
            spec.setdefault("ipFamilies", ["IPv4", "IPv6"] if two else ["IPv4"])


def _carry_over(service: Object, spec: Object, old: Object) -> None:
    new_type, old_type = spec.get("type") or "ClusterIP", old.get("type")
    if new_type == "ExternalName":
        for name in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy"):
            if spec.get(name) == old.get(name):
                spec.pop(name, None)
    elif old_type != "ExternalName":
        for name in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"):
            if not spec.get(name) and old.get(name):
                spec[name] = old[name]
        if not needs_health_port(spec):
            _drop_unchanged(spec, old, ("healthCheckNodePort",))
        elif not spec.get("healthCheckNodePort") and old.get("healthCheckNodePort"):
            spec["healthCheckNodePort"] = old["healthCheckNodePort"]
    if old_type == "LoadBalancer" and new_type != "LoadBalancer":
        _drop_unchanged(spec, old, ("allocateLoadBalancerNodePorts", "loadBalancerClass"))
        service["status"] = {**(service.get("status") or {}), "loadBalancer": {}}
    if new_type in OPEN_TYPES and old_type in OPEN_TYPES:
        _keep_node_ports(spec, old)
    elif new_type not in OPEN_TYPES:
        _drop_node_ports(spec, old)


def needs_health_port(spec: Object) -> bool:
    """Whether load balancers have to ask which nodes have endpoints of the Service."""
    return spec.get("type") == "LoadBalancer" and spec.get("externalTrafficPolicy") == "Local"


def _keep_node_ports(spec: Object, old: Object) -> None:
    known = {_port_id(port): port.get("nodePort") for port in old.get("ports") or ()}
    wanted = {port.get("nodePort") for port in spec.get("ports") or ()}
    for port in spec.get("ports") or ():
        before = known.get(_port_id(port))
        if not port.get("nodePort") and before and before not in wanted:
            port["nodePort"] = before


def _drop_node_ports(spec: Object, old: Object) -> None:
    known = {_port_id(port): port.get("nodePort") for port in old.get("ports") or ()}
    for port in spec.get("ports") or ():
        if port.get("nodePort") == known.get(_port_id(port)):
            port.pop("nodePort", None)
    _drop_unchanged(spec, old, ("healthCheckNodePort",))
    if not spec.get("externalIPs"):
        _drop_unchanged(spec, old, ("externalTrafficPolicy",))


def _drop_unchanged(spec: Object, old: Object, names: tuple[str, ...]) -> None:
    """Fields of the old type go with it, unless the writer set them in this update: then validation decides."""
    for name in names:
        if spec.get(name) == old.get(name):
            spec.pop(name, None)


def _port_id(port: Object) -> tuple[Any, Any]:
    return port.get("protocol") or "TCP", port.get("port")


def default_service(service: Object) -> None:
    spec = service.setdefault("spec", {})
    spec.setdefault("type", "ClusterIP")
    spec.setdefault("sessionAffinity", "None")
    if spec["sessionAffinity"] == "None":
        spec.pop("sessionAffinityConfig", None)
    elif spec["sessionAffinity"] == "ClientIP":
        client = spec.setdefault("sessionAffinityConfig", {}).setdefault("clientIP", {})
        client.setdefault("timeoutSeconds", AFFINITY_SECONDS)
    for port in spec.get("ports") or ():
        port.setdefault("protocol", "TCP")
        if port.get("targetPort") in (None, 0, "") and "port" in port:
            port["targetPort"] = port["port"]
    if spec["type"] != "ExternalName":
        spec.setdefault("internalTrafficPolicy", "Cluster")
    if spec["type"] in OPEN_TYPES:
        spec.setdefault("externalTrafficPolicy", "Cluster")
    if spec["type"] == "LoadBalancer":
        spec.setdefault("allocateLoadBalancerNodePorts", True)
        for ingress in ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ():
            if ingress.get("ip"):
                ingress.setdefault("ipMode", "VIP")
    service.setdefault("status", {}).setdefault("loadBalancer", {})


def default_endpoints(endpoints: Object) -> None:
    for subset in endpoints.get("subsets") or ():
        for port in subset.get("ports") or ():
            port.setdefault("protocol", "TCP")


def prepare_slice(draft: Draft) -> None:
    """Labels count for the generation too."""
    new, old = draft.object["metadata"], (draft.old or {}).get("metadata")
    if old is not None and (new.get("labels") or {}) != (old.get("labels") or {}):
        new["generation"] = int(old.get("generation") or 0) + 1


def default_slice(slice_: Object) -> None:
    for port in slice_.get("ports") or ():
        port.setdefault("protocol", "TCP")
        port.setdefault("name", "")
