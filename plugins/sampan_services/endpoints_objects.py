"""The Endpoints reconciler (the older form of EndpointSlices) and the mirroring of hand-made Endpoints into slices.

Source: core/v1 Endpoints; KEP-752 for mirroring.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sampan.contracts.kinds import Object
from sampan.contracts.reconciling import Action, Create, Key, Observed, Reconciler, Remove, Update, Watching
from sampan_machinery.resources import ENDPOINT_SLICES as SLICES
from sampan_machinery.resources import ENDPOINTS, PODS, SERVICES
from sampan_services.endpoints import EndpointPort, by_ports, is_ready, members, target_ref
from sampan_services.resources import MANAGED_BY, SERVICE_LABEL
from sampan_services.slices import services_of

MIRROR = "endpointslicemirroring-controller.k8s.io"
SKIP_MIRROR = "endpointslice.kubernetes.io/skip-mirror"
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


def decide_mirror(key: Key, seen: Observed) -> Iterator[Action]:
    endpoints = seen.get(ENDPOINTS, key.name, key.namespace)
    service = seen.get(SERVICES, key.name, key.namespace)
    mirrored = [s for s in seen.list(SLICES, key.namespace) if _is_mirror(s, key.name)]
    wanted = _mirrors(endpoints) if endpoints is not None and _to_mirror(endpoints, service) else []
    for old in mirrored:
        match = next((w for w in wanted if _as_old(w) == _as_old(old)), None)
        if match is None:
            yield Remove(SLICES, old["metadata"]["name"], key.namespace, uid=old["metadata"]["uid"])
            continue
        wanted.remove(match)
        if match["endpoints"] != (old.get("endpoints") or []):
            yield Update(SLICES, {**old, "endpoints": match["endpoints"]})
    for slice_ in wanted:
        assert endpoints is not None
        yield Create(SLICES, {**slice_, "metadata": _mirror_metadata(endpoints, seen)})


def _as_old(slice_: Object) -> tuple[Any, Any]:
    """What cannot be changed in a slice, or should not."""
    return slice_["addressType"], slice_.get("ports") or []


def _to_mirror(endpoints: Object, service: Object | None) -> bool:
    metadata = endpoints["metadata"]
    labels, annotations = metadata.get("labels") or {}, metadata.get("annotations") or {}
    if service is None or service["spec"].get("selector") or labels.get(SKIP_MIRROR) == "true":
        return False
    return "control-plane.alpha.kubernetes.io/leader" not in annotations


def _mirrors(endpoints: Object) -> list[Object]:
    result = []
    for subset in endpoints.get("subsets") or ():
        ports = [{"name": "", **port} for port in subset.get("ports") or ()]
        found = [_mirrored(a, True) for a in subset.get("addresses") or ()]
        found += [_mirrored(a, False) for a in subset.get("notReadyAddresses") or ()]
        for family, is_family in (("IPv4", "."), ("IPv6", ":")):
            chosen = [endpoint for endpoint in found if is_family in endpoint["addresses"][0]]
            if chosen:
                result.append({
                    "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": family,
                    "ports": ports, "endpoints": chosen,
                })  # fmt: skip
    return result


def _mirrored(address: Object, ready: bool) -> Object:
    kept = {key: address[key] for key in ("hostname", "nodeName", "targetRef") if address.get(key)}
    return {"addresses": [address["ip"]], "conditions": {"ready": ready}, **kept}


def _mirror_metadata(endpoints: Object, seen: Observed) -> Object:
    metadata = endpoints["metadata"]
    own = {
        "apiVersion": "v1", "kind": "Endpoints", "name": metadata["name"], "uid": metadata["uid"],
        "controller": True, "blockOwnerDeletion": True,
    }  # fmt: skip
    labels = {**(metadata.get("labels") or {}), SERVICE_LABEL: metadata["name"], MANAGED_BY: MIRROR}
    return {
        "name": f"{metadata['name']}-{seen.name_suffix()}", "generateName": f"{metadata['name']}-",
        "namespace": metadata["namespace"], "labels": labels, "ownerReferences": [own],
    }  # fmt: skip


def _is_mirror(slice_: Object, service: str) -> bool:
    labels = slice_["metadata"].get("labels") or {}
    return labels.get(SERVICE_LABEL) == service and labels.get(MANAGED_BY) == MIRROR


def _same_name(obj: Object, seen: Observed) -> Sequence[Key]:
    return (Key(obj["metadata"]["namespace"], obj["metadata"]["name"]),)


def _mirrored_name(slice_: Object, seen: Observed) -> Sequence[Key]:
    labels = slice_["metadata"].get("labels") or {}
    if labels.get(MANAGED_BY) != MIRROR or not labels.get(SERVICE_LABEL):
        return ()
    return (Key(slice_["metadata"]["namespace"], labels[SERVICE_LABEL]),)


ENDPOINTS_RECONCILER = Reconciler(
    name="endpoints",
    primary=SERVICES,
    watches=(Watching(PODS, services_of), Watching(ENDPOINTS, _same_name)),
    decide=decide_endpoints,
)
MIRROR_RECONCILER = Reconciler(
    name="endpointslicemirroring",
    primary=ENDPOINTS,
    watches=(Watching(SERVICES, _same_name), Watching(SLICES, _mirrored_name)),
    decide=decide_mirror,
)
