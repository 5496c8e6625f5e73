"""What a cluster that imports a Service gets: the derived Service, and slices of other clusters, as Works. Pure.

Source: KEP-1645 (multi-cluster services); Karmada's documentation, "Multi-cluster service discovery".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sampan.contracts.kinds import Object
from sampan_federation.services.exporting import derived
from sampan_federation.works.made import label_value, work_of
from sampan_machinery.metadata import copy

IMPORT_LABEL = (
    "multicluster.kubernetes.io/service-name"  # of the derived Service: DNS answers for clusterset.local by it
)
OF_IMPORT = "federation.sampan.dev/service-import"  # label of Works: NAMESPACE.NAME


def works_of_import(
    service_import: Object, clusters: Iterable[str], exported: Mapping[str, Sequence[Object]]
) -> list[Object]:  # fmt: skip
    """The Works. ``clusters``: those that import; ``exported``: slices of each cluster that exports."""
    metadata = service_import["metadata"]
    slices = [each for cluster in sorted(exported) for each in exported[cluster]]
    service = derived_service(service_import)
    return [
        work_of(manifest, cluster, OF_IMPORT, label_value(metadata["namespace"], metadata["name"]))
        for cluster in sorted(clusters)
        for manifest in (service, *slices)
    ]


def derived_service(service_import: Object) -> Object:
    """A Service without a selector: its endpoints are the slices."""
    metadata, spec = service_import["metadata"], service_import.get("spec") or {}
    ports = [
        {key: port[key] for key in ("name", "port", "protocol", "appProtocol") if port.get(key)}
        for port in spec.get("ports") or ()
    ]
    service_spec: Object = {"type": "ClusterIP", "ports": ports}
    if spec.get("type") == "Headless":
        service_spec["clusterIP"] = "None"
    for field in ("sessionAffinity", "sessionAffinityConfig"):
        if spec.get(field):
            service_spec[field] = copy(spec[field])
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": derived(metadata["name"]),
            "namespace": metadata["namespace"],
            "labels": {IMPORT_LABEL: metadata["name"]},
        },
        "spec": service_spec,
    }
