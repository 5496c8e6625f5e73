"""Schemas that policies and bindings share: placement, failover, suspension."""

from __future__ import annotations

from sampan_federation.kinds.schemas import (
    LABEL_KEY,
    Schema,
    checked,
    flag,
    integer,
    label_selector,
    long,
    many,
    one_of,
    record,
    requirements,
    text,
    tolerations,
)


def selector() -> Schema:
    """A ResourceSelector."""
    fields = {
        "apiVersion": text(),
        "kind": text(),
        "namespace": text(),
        "name": text(),
        "labelSelector": label_selector(),
    }
    return record(fields, ("apiVersion", "kind"))


def _affinity_fields() -> dict[str, Schema]:
    return {
        "labelSelector": label_selector(),
        "fieldSelector": record({"matchExpressions": requirements()}),
        "clusterNames": many(text()),
        "exclude": many(text()),
    }


def affinity() -> Schema:
    """A ClusterAffinity."""
    return record(_affinity_fields())


def _term(**more: Schema) -> Schema:
    name = text(minLength=1, maxLength=32)
    return record({"affinityName": name, **_affinity_fields(), **more}, ("affinityName",))


def _spread() -> Schema:
    fields = {
        "spreadByField": one_of("cluster", "region", "zone", "provider"),
        "spreadByLabel": text(),
        "maxGroups": long(0),
        "minGroups": long(0),
    }
    return record(fields)


def _replica_scheduling() -> Schema:
    weight = record({"targetCluster": affinity(), "weight": long(1)}, ("targetCluster", "weight"))
    preference = record({"staticWeightList": many(weight), "dynamicWeight": one_of("AvailableReplicas")})
    return record(
        {
            "replicaSchedulingType": one_of("Duplicated", "Divided", default="Divided"),
            "replicaDivisionPreference": one_of("Aggregated", "Weighted"),
            "weightPreference": preference,
        }
    )


def placement() -> Schema:
    group = record({"groupByLabelKey": text(maxLength=317, pattern=LABEL_KEY)}, ("groupByLabelKey",))
    groups = checked(
        record({"affinity": group, "antiAffinity": group}),
        (
            "!has(self.affinity) || !has(self.antiAffinity)"
            " || self.affinity.groupByLabelKey != self.antiAffinity.groupByLabelKey",
            "affinity and antiAffinity must not use the same groupByLabelKey", "",
        ),
    )  # fmt: skip
    return record(
        {
            "clusterAffinity": affinity(),
            "clusterAffinities": many(_term(overflowAffinities=many(_term()))),
            "clusterTolerations": tolerations(),
            "spreadConstraints": many(_spread()),
            "replicaScheduling": _replica_scheduling(),
            "workloadAffinity": groups,
        }
    )


def failover() -> Schema:
    """FailoverBehavior."""
    rule = record({"aliasLabelName": text(), "jsonPath": text()}, ("aliasLabelName", "jsonPath"))
    state = record({"rules": many(rule)}, ("rules",))
    application = record(
        {
            "decisionConditions": record({"tolerationSeconds": integer(0, default=300)}),
            "purgeMode": one_of(
                "Directly", "Gracefully", "Never", "Immediately", "Graciously", default="Gracefully"
            ),  # the last two: what older manifests say
            "gracePeriodSeconds": integer(0),
            "statePreservation": state,
        },
        ("decisionConditions",),
    )
    cluster = record({"purgeMode": one_of("Directly", "Gracefully", default="Gracefully"), "statePreservation": state})
    return record({"application": application, "cluster": cluster})


def suspension(*, scheduling: bool = False) -> Schema:
    fields = {
        "dispatching": flag(),
        "dispatchingOnClusters": record({"clusterNames": many(text())}),
    }
    return record({**fields, "scheduling": flag()} if scheduling else fields)
