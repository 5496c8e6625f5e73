"""MultiClusterIngress: an Ingress of the host whose backends are endpoints of members. Pure.

The host's ingress controller serves it, whichever it is: each backend Service NAME stands there as the Service
``derived-NAME`` without a selector, with EndpointSlices of the members that the Service is placed on.
Source: Karmada v1.19, API reference of networking.karmada.io/v1alpha1; its documentation, "Multi-cluster Ingress".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sampan.contracts.kinds import Object
from sampan_federation.names import CLAIMED_BY
from sampan_federation.resources import MULTI_CLUSTER_INGRESSES
from sampan_federation.services.exporting import MANAGED_BY, OURS, PROVISION_CLUSTER, SERVICE_NAME, collected, derived
from sampan_machinery.metadata import annotations_of, copy, is_deleting, labels_of

#: Label of what is made on the host for MultiClusterIngresses.
MADE = "federation.sampan.dev/multi-cluster-ingress"
#: Policies leave alone what is claimed: a policy that selects all Services does not take these to members.
MARKS = {MADE: "true", CLAIMED_BY: "MultiClusterIngress"}
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def backends_of(ingress: Object) -> list[str]:
    """Names of the Services that it sends requests to, sorted."""
    services = (backend.get("service") for backend in _backends(ingress.get("spec") or {}))
    return sorted({service["name"] for service in services if service})


def locations(names: Iterable[str], placed: Mapping[str, Sequence[str]]) -> list[Object]:
    """``status.serviceLocations``: the clusters that each Service is placed on."""
    return [{"name": name, **({"clusters": sorted(placed[name])} if placed.get(name) else {})} for name in names]


def sources(
    names: Iterable[str], ingresses: Iterable[Object], placed: Mapping[str, Sequence[str]]
) -> dict[str, list[str]]:
    """By Service, the clusters whose endpoints get requests: not those that every Ingress with the Service blocks."""
    found: dict[str, list[str]] = {}
    every = list(ingresses)
    for name in names:
        users = [each for each in every if name in backends_of(each)]
        blocked = [set((each.get("status") or {}).get("trafficBlockClusters") or ()) for each in users]
        away = set.intersection(*blocked) if blocked else set()
        found[name] = [cluster for cluster in sorted(placed.get(name, ())) if cluster not in away]
    return found


def service_for(template: Object, owners: Sequence[Object]) -> Object:
    """The Service that the host's Ingress sends to."""
    metadata = template["metadata"]
    ports = [
        {field: port[field] for field in ("name", "port", "protocol", "appProtocol") if port.get(field)}
        for port in (template.get("spec") or {}).get("ports") or ()
    ]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": _metadata(derived(metadata["name"]), metadata["namespace"], owners),
        "spec": {"type": "ClusterIP", "ports": ports},
    }


def slices_for(template: Object, found: Mapping[str, Sequence[Object]], owners: Sequence[Object]) -> list[Object]:
    """``found``: EndpointSlices of the Service by member."""
    metadata = template["metadata"]
    namespace = metadata["namespace"]
    labels = {SERVICE_NAME: derived(metadata["name"]), MANAGED_BY: OURS, **MARKS}
    made: list[Object] = []
    for cluster in sorted(found):
        made += collected(found[cluster], cluster, namespace, prefix=f"ingress-{cluster}", labels=labels)
    for each in made:
        each["metadata"]["ownerReferences"] = _references(owners)
    return made


def ingress_for(mci: Object, known: Iterable[str]) -> Object:
    """The host's Ingress. ``known``: Services that have a derived one; other backends stay as they are written."""
    metadata, spec, there = mci["metadata"], copy(mci.get("spec") or {}), frozenset(known)
    for backend in _backends(spec):
        service = backend.get("service")
        if service and service["name"] in there:
            service["name"] = derived(service["name"])
    made = _metadata(metadata["name"], metadata["namespace"], [mci])
    made["annotations"] = {key: value for key, value in annotations_of(mci).items() if key != _LAST_APPLIED}
    made["labels"] = {**labels_of(mci), **made["labels"]}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": made, "spec": spec}


def is_made(obj: Object) -> bool:
    return MADE in labels_of(obj)


def is_of(slice_: Object, service: str, cluster: str) -> bool:
    """Whether the host's EndpointSlice is of that Service in that member."""
    return (
        labels_of(slice_).get(SERVICE_NAME) == derived(service)
        and annotations_of(slice_).get(PROVISION_CLUSTER) == cluster
    )


def changed(present: Object, wanted: Object) -> Object | None:
    """The present object with what is wanted; None: it has that already. Fields that the server fills in stay."""
    made = {**present, **{name: value for name, value in wanted.items() if name not in ("metadata", "spec")}}
    metadata = dict(present["metadata"])
    for field in ("labels", "annotations"):
        if wanted["metadata"].get(field):
            metadata[field] = {**(metadata.get(field) or {}), **wanted["metadata"][field]}
    metadata["ownerReferences"] = wanted["metadata"]["ownerReferences"]
    made["metadata"] = metadata
    if "spec" in wanted:
        made["spec"] = _spec(present.get("spec") or {}, wanted["spec"], wanted["kind"])
    return None if made == present else made


def _spec(present: Mapping[str, Any], wanted: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    if kind == "Ingress":
        return wanted
    has, told = ([_port(each) for each in spec.get("ports") or ()] for spec in (present, wanted))
    return present if told == has else {**present, "ports": wanted["ports"]}


def _port(port: Mapping[str, Any]) -> tuple[Any, ...]:
    return port.get("name"), port["port"], port.get("protocol") or "TCP", port.get("appProtocol")


def alive(ingresses: Iterable[Object]) -> list[Object]:
    return sorted((each for each in ingresses if not is_deleting(each)), key=lambda each: str(each["metadata"]["name"]))


def _backends(spec: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if spec.get("defaultBackend"):
        yield spec["defaultBackend"]
    for rule in spec.get("rules") or ():
        for path in (rule.get("http") or {}).get("paths") or ():
            yield path["backend"]


def _metadata(name: str, namespace: str, owners: Sequence[Object]) -> dict[str, Any]:
    return {"name": name, "namespace": namespace, "labels": dict(MARKS), "ownerReferences": _references(owners)}


def _references(owners: Sequence[Object]) -> list[Object]:
    api_version, kind = MULTI_CLUSTER_INGRESSES.api_version, MULTI_CLUSTER_INGRESSES.kind
    return [
        {"apiVersion": api_version, "kind": kind, "name": each["metadata"]["name"], "uid": each["metadata"]["uid"]}
        for each in owners
    ]
