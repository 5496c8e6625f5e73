"""The EndpointSlice reconciler. Source: KEP-752; one set of slices for each way the ports resolve."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sampan.contracts.kinds import Object
from sampan.contracts.reconciling import Action, Create, Key, Observed, Reconciler, Remove, Update, Watching
from sampan_machinery.resources import ENDPOINT_SLICES as SLICES
from sampan_machinery.resources import NODES, PODS, SERVICES
from sampan_services.endpoints import EndpointPort, by_ports, members, selects, slice_endpoint
from sampan_services.resources import MANAGED_BY, SERVICE_LABEL

CONTROLLER = "endpointslice-controller.k8s.io"
LARGEST = 100  # endpoints in a slice


def decide(key: Key, seen: Observed) -> Iterator[Action]:
    service = seen.get(SERVICES, key.name, key.namespace)
    mine = [s for s in seen.list(SLICES, key.namespace) if _is_mine(s, key.name)]
    if service is None or service["metadata"].get("deletionTimestamp"):
        for old in mine:
            yield _remove(old)
        return
    if not service["spec"].get("selector") or service["spec"].get("type") == "ExternalName":
        return
    zones = _zones(seen)
    pods = members(service, seen.list(PODS, key.namespace))
    wanted = [
        (ports, [slice_endpoint(service, pod, zones) for pod in group[start : start + LARGEST]])
        for ports, group in by_ports(service, pods).items()
        for start in range(0, max(len(group), 1), LARGEST)
    ]
    yield from _converge(service, mine, wanted, seen)


Wanted = list[tuple[tuple[EndpointPort, ...], list[Object]]]  # ports and endpoints of each slice


def _converge(service: Object, mine: list[Object], wanted: Wanted, seen: Observed) -> Iterator[Action]:
    """Reuse slices with the same ports, so that few objects change."""
    spare = sorted(mine, key=lambda s: str(s["metadata"]["name"]))
    for ports, endpoints in wanted:
        shown = [_shown_port(port) for port in ports]
        old = next((s for s in spare if (s.get("ports") or []) == shown), None)
        labels = _labels(service)
        if old is None:
            yield Create(SLICES, _new_slice(service, shown, endpoints, labels, seen))
            continue
        spare.remove(old)
        same_labels = all((old["metadata"].get("labels") or {}).get(k) == v for k, v in labels.items())
        if (old.get("endpoints") or []) != endpoints or not same_labels:
            metadata = {**old["metadata"], "labels": {**(old["metadata"].get("labels") or {}), **labels}}
            yield Update(SLICES, {**old, "metadata": metadata, "endpoints": endpoints})
    for old in spare:
        yield _remove(old)


def _new_slice(
    service: Object, ports: list[Object], endpoints: list[Object], labels: dict[str, str], seen: Observed
) -> Object:
    metadata = service["metadata"]
    return {
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
        "metadata": {
            "name": f"{metadata['name']}-{seen.name_suffix()}", "generateName": f"{metadata['name']}-",
            "namespace": metadata["namespace"], "labels": labels, "ownerReferences": [owner_of(service)],
        },
        "addressType": "IPv4", "ports": ports, "endpoints": endpoints,
    }  # fmt: skip


def owner_of(service: Object) -> Object:
    return {
        "apiVersion": "v1", "kind": "Service", "name": service["metadata"]["name"], "uid": service["metadata"]["uid"],
        "controller": True, "blockOwnerDeletion": True,
    }  # fmt: skip


def _labels(service: Object) -> dict[str, str]:
    metadata = service["metadata"]
    labels = {**(metadata.get("labels") or {}), SERVICE_LABEL: metadata["name"], MANAGED_BY: CONTROLLER}
    if service["spec"].get("clusterIP") == "None":
        labels["service.kubernetes.io/headless"] = ""
    return labels


def _shown_port(port: EndpointPort) -> Object:
    shown: Object = {"name": port.name, "port": port.number, "protocol": port.protocol}
    return {**shown, "appProtocol": port.app_protocol} if port.app_protocol else shown


def _is_mine(slice_: Object, service: str) -> bool:
    labels = slice_["metadata"].get("labels") or {}
    return labels.get(SERVICE_LABEL) == service and labels.get(MANAGED_BY) == CONTROLLER


def _remove(slice_: Object) -> Remove:
    return Remove(SLICES, slice_["metadata"]["name"], slice_["metadata"]["namespace"], uid=slice_["metadata"]["uid"])


def _zones(seen: Observed) -> dict[str, str]:
    found = {}
    for node in seen.list(NODES):
        zone = (node["metadata"].get("labels") or {}).get("topology.kubernetes.io/zone")
        if zone:
            found[node["metadata"]["name"]] = zone
    return found


def services_of(pod: Object, seen: Observed) -> Iterable[Key]:
    """The Services of a pod's namespace that select it."""
    namespace = pod["metadata"]["namespace"]
    for service in seen.list(SERVICES, namespace):
        selector = service["spec"].get("selector")
        if selector and selects(selector, pod):
            yield Key(namespace, service["metadata"]["name"])


def service_of_slice(slice_: Object, seen: Observed) -> Sequence[Key]:
    labels = slice_["metadata"].get("labels") or {}
    if labels.get(MANAGED_BY) != CONTROLLER or not labels.get(SERVICE_LABEL):
        return ()
    return (Key(slice_["metadata"]["namespace"], labels[SERVICE_LABEL]),)


RECONCILER = Reconciler(
    name="endpointslice",
    primary=SERVICES,
    watches=(Watching(PODS, services_of), Watching(SLICES, service_of_slice), Watching(NODES, lambda node, seen: ())),
    decide=decide,
)
