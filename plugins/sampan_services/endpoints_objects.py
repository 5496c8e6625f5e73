"""The Endpoints reconciler: the older form of EndpointSlices. Source: core/v1 Endpoints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sampan.contracts.kinds import Object
from sampan.contracts.reconciling import Action, Create, Key, Observed, Reconciler, Remove, Update, Watching
from sampan_machinery.resources import ENDPOINTS, PODS, SERVICES
from sampan_services.endpoints import EndpointPort, by_ports, is_ready, members, target_ref
from sampan_services.slices import services_of

OURS = "endpoints.kubernetes.io/managed-by"
CONTROLLER = "endpoint-controller"
LARGEST = 1000  # addresses in an Endpoints object


def decide_endpoints(key: Key, seen: Observed) -> Iterator[Action]:
    service = seen.get(SERVICES, key.name, key.namespace)
    old = seen.get(ENDPOINTS, key.name, key.namespace)
    if service is None:
        if old is not None and (old["metadata"].get("labels") or {}).get(OURS) == CONTROLLER:
            yield Remove(ENDPOINTS, key.name, key.namespace, uid=old["metadata"]["uid"])
        return
    if not service["spec"].get("selector") or service["spec"].get("type") == "ExternalName":
        return
    subsets = _subsets(service, members(service, seen.list(PODS, key.namespace)))
    labels = {**(service["metadata"].get("labels") or {}), OURS: CONTROLLER}
    if service["spec"].get("clusterIP") == "None":
        labels["service.kubernetes.io/headless"] = ""
    if old is None:
        metadata = {"name": key.name, "namespace": key.namespace, "labels": labels}
        yield Create(ENDPOINTS, _with_subsets({"apiVersion": "v1", "kind": "Endpoints", "metadata": metadata}, subsets))
    elif (old.get("subsets") or []) != subsets or (old["metadata"].get("labels") or {}) != labels:
        yield Update(ENDPOINTS, _with_subsets({**old, "metadata": {**old["metadata"], "labels": labels}}, subsets))


def _with_subsets(endpoints: Object, subsets: list[Object]) -> Object:
    if subsets:
        return {**endpoints, "subsets": subsets}
    return {key: value for key, value in endpoints.items() if key != "subsets"}


def _subsets(service: Object, pods: Sequence[Object]) -> list[Object]:
    publish = bool(service["spec"].get("publishNotReadyAddresses"))
    result = []
    for ports, group in by_ports(service, pods[:LARGEST]).items():
        if not group:
            continue
        alive = [pod for pod in group if publish or not pod["metadata"].get("deletionTimestamp")]
        ready = [_address(service, pod) for pod in alive if publish or is_ready(pod)]
        waiting = [_address(service, pod) for pod in alive if not (publish or is_ready(pod))]
        subset: dict[str, Any] = {}
        if ready:
            subset["addresses"] = ready
        if waiting:
            subset["notReadyAddresses"] = waiting
        if subset:
            result.append({**subset, "ports": [_shown(port) for port in ports]} if ports else subset)
    return result


def _address(service: Object, pod: Object) -> Object:
    address: Object = {"ip": pod["status"]["podIP"], "targetRef": target_ref(pod)}
    if pod["spec"].get("nodeName"):
        address["nodeName"] = pod["spec"]["nodeName"]
    if pod["spec"].get("hostname") and pod["spec"].get("subdomain") == service["metadata"]["name"]:
        address["hostname"] = pod["spec"]["hostname"]
    return address


def _shown(port: EndpointPort) -> Object:
    shown: Object = {"port": port.number, "protocol": port.protocol}
    if port.name:
        shown["name"] = port.name
    return {**shown, "appProtocol": port.app_protocol} if port.app_protocol else shown


def _same_name(obj: Object, seen: Observed) -> Sequence[Key]:
    return (Key(obj["metadata"]["namespace"], obj["metadata"]["name"]),)


ENDPOINTS_RECONCILER = Reconciler(
    name="endpoints",
    primary=SERVICES,
    watches=(Watching(PODS, services_of), Watching(ENDPOINTS, _same_name)),
    decide=decide_endpoints,
)
