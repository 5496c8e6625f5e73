"""The kinds of policies: propagation, overrides, quotas."""

from __future__ import annotations

from sampan_federation.kinds.definitions import AGE, Definition, Printed
from sampan_federation.kinds.placements import affinity, failover, placement, selector, suspension
from sampan_federation.kinds.schemas import (
    Schema,
    flag,
    integer,
    many,
    mapping,
    one_of,
    quantities,
    record,
    text,
    value,
)
from sampan_federation.resources import (
    CLUSTER_OVERRIDE_POLICIES,
    CLUSTER_PROPAGATION_POLICIES,
    CLUSTER_TAINT_POLICIES,
    FEDERATED_RESOURCE_QUOTAS,
    OVERRIDE_POLICIES,
    PROPAGATION_POLICIES,
)

_EDITS = ("add", "remove", "replace")


def _propagation() -> Schema:
    priority = record(
        {"priorityClassSource": one_of("KubePriorityClass"), "priorityClassName": text()},
        ("priorityClassSource", "priorityClassName"),
    )
    return record(
        {
            "resourceSelectors": many(selector(), minItems=1),
            "association": flag(),
            "propagateDeps": flag(),
            "placement": placement(),
            "priority": integer(default=0),
            "preemption": one_of("Always", "Never", default="Never"),
            "dependentOverrides": many(text()),
            "schedulerName": text(default="default-scheduler"),
            "failover": failover(),
            "conflictResolution": one_of("Abort", "Overwrite", default="Abort"),
            "activationPreference": one_of("Lazy"),
            "suspension": suspension(),
            "preserveResourcesOnDeletion": flag(),
            "schedulePriority": priority,
        },
        ("resourceSelectors",),
    )


def _overriders() -> Schema:
    edit = one_of(*_EDITS)
    image = record(
        {
            "predicate": record({"path": text()}, ("path",)),
            "component": one_of("Registry", "Repository", "Tag"),
            "operator": edit,
            "value": text(),
        },
        ("component", "operator"),
    )
    words = record(
        {"containerName": text(), "operator": one_of("add", "remove"), "value": many(text())},
        ("containerName", "operator"),
    )
    labels = record({"operator": edit, "value": mapping()}, ("operator", "value"))
    patch = record({"subPath": text(), "operator": edit, "value": value()}, ("subPath", "operator"))
    return record(
        {
            "plaintext": many(record({"path": text(), "operator": edit, "value": value()}, ("path", "operator"))),
            "imageOverrider": many(image),
            "commandOverrider": many(words),
            "argsOverrider": many(words),
            "labelsOverrider": many(labels),
            "annotationsOverrider": many(labels),
            "fieldOverrider": many(
                record({"fieldPath": text(), "json": many(patch), "yaml": many(patch)}, ("fieldPath",))
            ),
        }
    )


def _overrides() -> Schema:
    rule = record({"targetCluster": affinity(), "overriders": _overriders()}, ("overriders",))
    return record(
        {
            "resourceSelectors": many(selector()),
            "overrideRules": many(rule),
            "targetCluster": affinity(),
            "overriders": _overriders(),
        }
    )


def _taints() -> Schema:
    fields = {"conditionType": text(), "operator": one_of("In", "NotIn"), "statusValues": many(text())}
    conditions = many(record(fields, tuple(fields)))
    taint = record(
        {"key": text(), "effect": one_of("NoSchedule", "PreferNoSchedule", "NoExecute"), "value": text()},
        ("key", "effect"),
    )
    return record(
        {
            "targetClusters": affinity(),
            "addOnConditions": conditions,
            "removeOnConditions": conditions,
            "taints": many(taint, keys=["key", "effect"], minItems=1),
        },
        ("taints",),
    )


def _quota() -> Schema:
    assignment = record({"clusterName": text(), "hard": quantities()}, ("clusterName", "hard"))
    return record({"overall": quantities(), "staticAssignments": many(assignment)}, ("overall",))


def _quota_status() -> Schema:
    used = record({"clusterName": text(), "hard": quantities(), "used": quantities()}, ("clusterName",))
    return record({"overall": quantities(), "overallUsed": quantities(), "aggregatedStatus": many(used)})


_PROPAGATION_COLUMNS = (
    Printed("CONFLICT-RESOLUTION", ".spec.conflictResolution"),
    Printed("PRIORITY", ".spec.priority"),
    AGE,
)

DEFINITIONS = (
    Definition(resource=PROPAGATION_POLICIES, spec=_propagation(), short=("pp",), columns=_PROPAGATION_COLUMNS),
    Definition(
        resource=CLUSTER_PROPAGATION_POLICIES, spec=_propagation(), short=("cpp",), columns=_PROPAGATION_COLUMNS
    ),
    Definition(resource=CLUSTER_TAINT_POLICIES, spec=_taints(), categories=()),
    Definition(resource=OVERRIDE_POLICIES, spec=_overrides(), short=("op",)),
    Definition(resource=CLUSTER_OVERRIDE_POLICIES, spec=_overrides(), short=("cop",)),
    Definition(
        resource=FEDERATED_RESOURCE_QUOTAS,
        spec=_quota(),
        status=_quota_status(),
        columns=(Printed("OVERALL", ".status.overall"), Printed("OVERALL_USED", ".status.overallUsed")),
    ),
)
