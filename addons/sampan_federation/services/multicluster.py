"""MultiClusterService: where its Service goes, and the endpoints that other clusters get. Pure.

The Service is propagated under its own name to the clusters that provide it and to those that consume it;
EndpointSlices of each provider are given to every other consumer, beside those that the consumer has itself.
Source: Karmada v1.19, API reference of networking.karmada.io/v1alpha1 and the proposal "MultiClusterService".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sampan.contracts.kinds import Object
from sampan_federation.interpreter.reading import text
from sampan_federation.names import CLAIMED_BY, POLICY_MARKS, RB_ID, binding_name
from sampan_federation.policies.binding import HASH, spec_of, template_hash
from sampan_federation.resources import RESOURCE_BINDINGS
from sampan_federation.services.exporting import DISPATCHED_BY, MANAGED_BY, PROVISION_CLUSTER, SERVICE_NAME, collected
from sampan_federation.works.made import work_of
from sampan_machinery.metadata import annotations_of, controller_ref, labels_of

KIND = "MultiClusterService"
FINALIZER = "karmada.io/multiclusterservice-controller"
#: Label of the MultiClusterService, of its Service and its binding, and of the Works with its slices.
ID = "multiclusterservice.karmada.io/permanent-id"
NAME, NAMESPACE = "multiclusterservice.karmada.io/name", "multiclusterservice.karmada.io/namespace"
BINDING_MANAGED_BY = "binding.karmada.io/managed-by"


class Clusters(NamedTuple):
    """Of a MultiClusterService, among the members that there are."""

    providers: frozenset[str]
    consumers: frozenset[str]
    unknown: tuple[str, ...]  # named, and no member


def is_crossing(mcs: Object) -> bool:
    """Whether it is for other clusters; the type LoadBalancer is a cloud's matter."""
    return "CrossCluster" in ((mcs.get("spec") or {}).get("types") or ())


def clusters_of(mcs: Object, members: Collection[str]) -> Clusters:
    """Where none is named, all members provide or consume it."""
    spec, every = mcs.get("spec") or {}, frozenset(members)
    providers, consumers = (
        frozenset(each["name"] for each in spec.get(field) or ()) for field in ("providerClusters", "consumerClusters")
    )
    unknown = tuple(sorted((providers | consumers) - every))
    return Clusters((providers or every) & every, (consumers or every) & every, unknown)


def identity(mcs: Object) -> str:
    """The permanent id: where no other client has set one, the uid."""
    return labels_of(mcs).get(ID) or str(mcs["metadata"].get("uid", ""))


def claim(mcs: Object, service: Object) -> dict[str, Any] | None:
    """The merge patch by which the Service says that it is propagated for the MultiClusterService, and by no policy;
    None: it says so."""
    labels = {CLAIMED_BY: KIND, ID: identity(mcs)}
    marks = {NAME: mcs["metadata"]["name"], NAMESPACE: mcs["metadata"]["namespace"]}
    return _metadata(_changes(labels_of(service), labels), _changes(annotations_of(service), marks))


def release(obj: Object) -> dict[str, Any] | None:
    """The merge patch that takes these marks away, of a Service or of its binding."""
    names = (CLAIMED_BY, BINDING_MANAGED_BY, ID, NAME, NAMESPACE)
    labels, marks = ({name: None for name in names if name in held} for held in (labels_of(obj), annotations_of(obj)))
    return _metadata(labels, marks)


def _changes(present: Mapping[str, str], wanted: Mapping[str, str]) -> dict[str, str | None]:
    changed: dict[str, str | None] = {name: None for name in POLICY_MARKS if name in present}
    changed.update((name, value) for name, value in wanted.items() if present.get(name) != value)
    return changed


def _metadata(labels: Mapping[str, str | None], marks: Mapping[str, str | None]) -> dict[str, Any] | None:
    changed = {name: value for name, value in (("labels", labels), ("annotations", marks)) if value}
    return {"metadata": changed} if changed else None


def binding_of(mcs: Object, service: Object, clusters: Clusters) -> Object:
    """The binding that takes the Service to its clusters. What is there already is taken over, as in Karmada."""
    metadata = service["metadata"]
    placement = {"clusterAffinity": {"clusterNames": sorted(clusters.providers | clusters.consumers)}}
    policy = {"metadata": {}, "spec": {"placement": placement, "conflictResolution": "Overwrite"}}
    return {
        "apiVersion": RESOURCE_BINDINGS.api_version,
        "kind": RESOURCE_BINDINGS.kind,
        "metadata": {
            "name": binding_name("Service", metadata["name"]),
            "namespace": metadata["namespace"],
            "labels": {BINDING_MANAGED_BY: KIND, ID: identity(mcs), RB_ID: metadata.get("uid", "")},
            "annotations": {
                NAME: mcs["metadata"]["name"], NAMESPACE: mcs["metadata"]["namespace"], HASH: template_hash(service),
            },
            "ownerReferences": [controller_ref(service)],
        },
        "spec": spec_of(service, policy, None),
    }  # fmt: skip


def updated(present: Object, wanted: Object) -> Object | None:
    """The present binding, changed to what is wanted; what others say in its spec stays. None: it is so already."""
    metadata, spec = present["metadata"], dict(wanted["spec"])
    before = present.get("spec") or {}
    same = annotations_of(present).get(HASH) == annotations_of(wanted)[HASH]
    if same and (before.get("resource") or {}).get("uid") == spec["resource"]["uid"]:
        spec["resource"] = before["resource"]  # with the revision of the last change that matters
    labels = {k: v for k, v in labels_of(present).items() if k not in POLICY_MARKS} | labels_of(wanted)
    marks = {k: v for k, v in annotations_of(present).items() if k not in POLICY_MARKS} | annotations_of(wanted)
    owners = wanted["metadata"]["ownerReferences"]
    made = {
        **present, "spec": {**before, **spec},
        "metadata": {**metadata, "labels": labels, "annotations": marks, "ownerReferences": owners},
    }  # fmt: skip
    return None if made == present else made


def exposed_ports(mcs: Object, service: Object) -> frozenset[str] | None:
    """Names of the Service's ports that other clusters get; None: all."""
    wanted = (mcs.get("spec") or {}).get("ports") or ()
    if not wanted:
        return None

    def is_exposed(port: Mapping[str, Any]) -> bool:
        return any(
            each.get("port") == port.get("port") and each.get("name") in (None, "", port.get("name")) for each in wanted
        )

    ports = (service.get("spec") or {}).get("ports") or ()
    return frozenset(str(port.get("name") or "") for port in ports if is_exposed(port))


def dispatched(
    mcs: Object, slices: Iterable[Object], provider: str, ports: frozenset[str] | None = None
) -> list[Object]:
    """The provider's own EndpointSlices, as its consumers get them."""
    metadata = mcs["metadata"]
    labels = {SERVICE_NAME: metadata["name"], MANAGED_BY: DISPATCHED_BY}
    found = collected(slices, provider, metadata["namespace"], prefix=provider, labels=labels)
    if ports is not None:
        for each in found:
            each["ports"] = [port for port in each["ports"] if text(port, "name") in ports]
    return [each for each in found if each["ports"] or ports is None]


def works_of(mcs: Object, slices: Mapping[str, Sequence[Object]], consumers: Iterable[str]) -> list[Object]:
    """The Works. ``slices``: what each provider gives; a consumer gets none of its own."""
    metadata, found = mcs["metadata"], []
    for consumer in sorted(consumers):
        for provider in sorted(slices):
            for each in slices[provider] if provider != consumer else ():
                work = work_of(each, consumer, ID, identity(mcs))
                work["metadata"]["labels"].update({NAME: metadata["name"], NAMESPACE: metadata["namespace"]})
                work["metadata"]["annotations"][PROVISION_CLUSTER] = provider
                found.append(work)
    return found
