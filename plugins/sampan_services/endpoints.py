"""From a Service and its pods to endpoints: pure, shared by the EndpointSlice and the Endpoints reconcilers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sampan.contracts.kinds import Object

SAME_NODE = "PreferSameNode"
CLOSE = ("PreferClose", "PreferSameZone", SAME_NODE)


class EndpointPort(NamedTuple):
    """A resolved port of a Service for one pod."""

    name: str
    protocol: str
    number: int
    app_protocol: str


def selects(selector: Object, pod: Object) -> bool:
    labels = pod["metadata"].get("labels") or {}
    return all(labels.get(key) == value for key, value in selector.items())


def members(service: Object, pods: Iterable[Object]) -> list[Object]:
    """The pods of the Service: selected, with an address, not ended."""
    selector = service["spec"].get("selector") or {}
    found = []
    for pod in pods:
        status = pod.get("status") or {}
        if not status.get("podIP") or status.get("phase") in ("Succeeded", "Failed"):
            continue
        if selects(selector, pod):
            found.append(pod)
    return sorted(found, key=lambda pod: str(pod["metadata"]["name"]))


def is_ready(pod: Object) -> bool:
    return any(
        c.get("type") == "Ready" and c.get("status") == "True"
        for c in (pod.get("status") or {}).get("conditions") or ()
    )


def resolved_ports(service: Object, pod: Object) -> tuple[EndpointPort, ...]:
    """The Service's ports as this pod has them; a named target port that the pod lacks is left out."""
    found = []
    for port in service["spec"].get("ports") or ():
        protocol = port.get("protocol") or "TCP"
        target = port.get("targetPort") or port["port"]
        number = target if isinstance(target, int) else _named(pod, target, protocol)
        if number:
            found.append(EndpointPort(port.get("name") or "", protocol, int(number), port.get("appProtocol") or ""))
    return tuple(found)


def _named(pod: Object, name: str, protocol: str) -> int:
    if name.isdigit():
        return int(name)
    containers = [*(pod["spec"].get("containers") or ()), *(pod["spec"].get("initContainers") or ())]
    for container in containers:
        for port in container.get("ports") or ():
            if port.get("name") == name and (port.get("protocol") or "TCP") == protocol:
                return int(port["containerPort"])
    return 0


def slice_endpoint(service: Object, pod: Object, zones: dict[str, str]) -> Object:
    """One endpoint of an EndpointSlice. Source: discovery.k8s.io/v1 Endpoint."""
    terminating = bool(pod["metadata"].get("deletionTimestamp"))
    serving = is_ready(pod)
    endpoint: Object = {
        "addresses": [pod["status"]["podIP"]],
        "conditions": {
            "ready": bool(service["spec"].get("publishNotReadyAddresses")) or (serving and not terminating),
            "serving": serving,
            "terminating": terminating,
        },
        "targetRef": target_ref(pod),
    }
    node = pod["spec"].get("nodeName")
    if node:
        endpoint["nodeName"] = node
        if zones.get(node):
            endpoint["zone"] = zones[node]
        if hints := _hints(service, endpoint):
            endpoint["hints"] = hints
    hostname = pod["spec"].get("hostname")
    if hostname and pod["spec"].get("subdomain") == service["metadata"]["name"]:
        endpoint["hostname"] = hostname
    return endpoint


def _hints(service: Object, endpoint: Object) -> Object:
    """Which clients an endpoint is for, where the Service wants them close (KEP-4444, KEP-3015)."""
    wish = service["spec"].get("trafficDistribution")
    if wish not in CLOSE or not endpoint["conditions"]["ready"]:
        return {}
    found: Object = {"forZones": [{"name": endpoint["zone"]}]} if endpoint.get("zone") else {}
    if wish == SAME_NODE:
        found["forNodes"] = [{"name": endpoint["nodeName"]}]
    return found


def target_ref(pod: Object) -> Object:
    metadata = pod["metadata"]
    return {"kind": "Pod", "namespace": metadata["namespace"], "name": metadata["name"], "uid": metadata["uid"]}


def by_ports(service: Object, pods: Sequence[Object]) -> dict[tuple[EndpointPort, ...], list[Object]]:
    """Pods grouped by how the Service's ports resolve for them; a Service without pods has one empty group."""
    headless = service["spec"].get("clusterIP") == "None"
    groups: dict[tuple[EndpointPort, ...], list[Object]] = {}
    for pod in pods:
        ports = resolved_ports(service, pod)
        if ports or (headless and not service["spec"].get("ports")):
            groups.setdefault(ports, []).append(pod)
    return groups or {(): []}
