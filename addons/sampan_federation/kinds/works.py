"""The kinds of the work group: bindings and works."""

from __future__ import annotations

from sampan_federation.kinds.definitions import AGE, Definition, Printed
from sampan_federation.kinds.placements import failover, placement, suspension
from sampan_federation.kinds.schemas import (
    Schema,
    anything,
    conditions,
    flag,
    integer,
    long,
    many,
    mapping,
    moment,
    one_of,
    quantities,
    record,
    requirements,
    text,
    tolerations,
)
from sampan_federation.resources import CLUSTER_RESOURCE_BINDINGS, RESOURCE_BINDINGS, WORKS


def _node_claim() -> Schema:
    term = record({"matchExpressions": requirements(), "matchFields": requirements()})
    affinity = record({"nodeSelectorTerms": many(term)}, ("nodeSelectorTerms",))
    return record({"hardNodeAffinity": affinity, "nodeSelector": mapping(), "tolerations": tolerations()})


def _requirements(*, namespace: bool) -> Schema:
    fields = {"nodeClaim": _node_claim(), "resourceRequest": quantities(), "priorityClassName": text()}
    return record({**fields, "namespace": text()} if namespace else fields)


def _targets() -> Schema:
    component = record({"name": text(), "replicas": integer()}, ("name", "replicas"))
    return many(record({"name": text(), "replicas": integer(), "components": many(component)}, ("name",)))


def _task() -> Schema:
    return record(
        {
            "fromCluster": text(),
            "purgeMode": one_of("Directly", "Gracefully", "Never"),
            "replicas": integer(),
            "reason": text(minLength=1, maxLength=32, pattern="^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$"),
            "message": text(maxLength=1024),
            "producer": text(),
            "gracePeriodSeconds": integer(),
            "suppressDeletion": flag(),
            "preservedLabelState": mapping(),
            "creationTimestamp": moment(),
            "clustersBeforeFailover": many(text()),
        },
        ("fromCluster", "reason", "producer"),
    )


def _binding() -> Schema:
    reference = {
        "apiVersion": text(), "kind": text(), "namespace": text(), "name": text(), "uid": text(),
        "resourceVersion": text(),
    }  # fmt: skip
    component = record(
        {"name": text(maxLength=32), "replicas": integer(), "replicaRequirements": _requirements(namespace=False)},
        ("name", "replicas"),
    )
    required_by = record({"namespace": text(), "name": text(), "clusters": _targets()}, ("name",))
    return record(
        {
            "resource": record(reference, ("apiVersion", "kind", "name")),
            "propagateDeps": flag(),
            "replicaRequirements": _requirements(namespace=True),
            "replicas": integer(),
            "components": many(component),
            "clusters": _targets(),
            "placement": placement(),
            "gracefulEvictionTasks": many(_task()),
            "requiredBy": many(required_by),
            "schedulerName": text(),
            "failover": failover(),
            "conflictResolution": one_of("Abort", "Overwrite", default="Abort"),
            "rescheduleTriggeredAt": moment(),
            "suspension": suspension(scheduling=True),
            "preserveResourcesOnDeletion": flag(),
            "schedulePriority": record({"priority": integer(default=0)}),
            "workloadAffinityGroups": record({"affinityGroup": text(), "antiAffinityGroup": text()}),
        },
        ("resource",),
    )


def _binding_status() -> Schema:
    item = record(
        {
            "clusterName": text(),
            "status": anything(),
            "applied": flag(),
            "appliedMessage": text(),
            "health": one_of("Healthy", "Unhealthy", "Unknown"),
        },
        ("clusterName",),
    )
    return record(
        {
            "schedulerObservedGeneration": long(),
            "schedulerObservingAffinityName": text(),
            "lastScheduledTime": moment(),
            "conditions": conditions(),
            "aggregatedStatus": many(item),
        }
    )


def _work() -> Schema:
    return record(
        {
            "workload": record({"manifests": many(anything())}),
            "suspendDispatching": flag(),
            "preserveResourcesOnDeletion": flag(),
        }
    )


def _work_status() -> Schema:
    identifier = record(
        {
            "ordinal": integer(),
            "group": text(),
            "version": text(),
            "kind": text(),
            "resource": text(),
            "namespace": text(),
            "name": text(),
        },
        ("ordinal", "version", "kind", "resource", "name"),
    )
    manifest = record(
        {"identifier": identifier, "status": anything(), "health": one_of("Healthy", "Unhealthy", "Unknown")},
        ("identifier",),
    )
    return record({"conditions": conditions(), "manifestStatuses": many(manifest)})


_BINDING_COLUMNS = (
    Printed("SCHEDULED", '.status.conditions[?(@.type=="Scheduled")].status'),
    Printed("FULLYAPPLIED", '.status.conditions[?(@.type=="FullyApplied")].status'),
    AGE,
)

DEFINITIONS = (
    Definition(
        resource=RESOURCE_BINDINGS, spec=_binding(), status=_binding_status(), short=("rb",), columns=_BINDING_COLUMNS
    ),
    Definition(
        resource=CLUSTER_RESOURCE_BINDINGS, spec=_binding(), status=_binding_status(), short=("crb",),
        columns=_BINDING_COLUMNS,
    ),
    Definition(
        resource=WORKS, spec=_work(), status=_work_status(), short=("wk",),
        columns=(
            Printed("WORKLOAD-KIND", ".spec.workload.manifests[*].kind"),
            Printed("APPLIED", '.status.conditions[?(@.type=="Applied")].status'),
            AGE,
        ),
    ),
)  # fmt: skip
