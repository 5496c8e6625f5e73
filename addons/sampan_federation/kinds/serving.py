"""The kinds of services across clusters, of scaling across clusters, and of interpreters of custom kinds."""

from __future__ import annotations

from sampan_federation.kinds.definitions import AGE, Definition, Printed
from sampan_federation.kinds.schemas import (
    Schema,
    anything,
    conditions,
    integer,
    many,
    one_of,
    record,
    text,
)
from sampan_federation.resources import (
    FEDERATED_HPAS,
    INTERPRETER_CUSTOMIZATIONS,
    MULTI_CLUSTER_INGRESSES,
    MULTI_CLUSTER_SERVICES,
    SERVICE_EXPORTS,
    SERVICE_IMPORTS,
)

_OPERATIONS = (
    "retention", "replicaResource", "componentResource", "replicaRevision", "statusReflection", "statusAggregation",
    "healthInterpretation", "dependencyInterpretation",
)  # fmt: skip


def _interpreter() -> Schema:
    #: ``luaScript`` is Karmada's; ``cel`` is what this add-on runs
    rule = record({"luaScript": text(), "cel": text()})
    return record(
        {
            "target": record({"apiVersion": text(), "kind": text()}, ("apiVersion", "kind")),
            "customizations": record(dict.fromkeys(_OPERATIONS, rule)),
        },
        ("target", "customizations"),
    )


def _autoscaler() -> Schema:
    target = record({"apiVersion": text(), "kind": text(), "name": text()}, ("kind", "name"))
    return record(
        {
            "scaleTargetRef": target,
            "minReplicas": integer(0),
            "maxReplicas": integer(1),
            "metrics": many(anything()),
            "behavior": anything(),
        },
        ("scaleTargetRef", "maxReplicas"),
    )


def _service() -> Schema:
    names = many(record({"name": text()}, ("name",)))
    return record(
        {
            "types": many(one_of("CrossCluster", "LoadBalancer")),
            "ports": many(record({"name": text(), "port": integer(1, maximum=65535)}, ("port",))),
            "range": record({"clusterNames": many(text())}),
            "serviceProvisionClusters": many(text()),
            "serviceConsumptionClusters": many(text()),
            "providerClusters": names,
            "consumerClusters": names,
        },
        ("types",),
    )


def _import() -> Schema:
    port = record(
        {"name": text(), "protocol": text(), "appProtocol": text(), "port": integer(1, maximum=65535)}, ("port",)
    )
    return record(
        {
            "ports": many(port, **{"x-kubernetes-list-type": "atomic"}),
            "ips": many(text(), maxItems=2),
            "type": one_of("ClusterSetIP", "Headless"),
            "sessionAffinity": text(),
            "sessionAffinityConfig": record({"clientIP": record({"timeoutSeconds": integer(1, maximum=86400)})}),
        },
        ("ports", "type"),
    )


DEFINITIONS = (
    Definition(
        resource=INTERPRETER_CUSTOMIZATIONS, spec=_interpreter(), short=("ric",),
        columns=(
            Printed("TARGET-API-VERSION", ".spec.target.apiVersion"),
            Printed("TARGET-KIND", ".spec.target.kind"),
            AGE,
        ),
    ),
    Definition(
        resource=FEDERATED_HPAS, spec=_autoscaler(), status=anything(), short=("fhpa",),
        columns=(
            Printed("REFERENCE-KIND", ".spec.scaleTargetRef.kind"),
            Printed("REFERENCE-NAME", ".spec.scaleTargetRef.name"),
            Printed("MINPODS", ".spec.minReplicas", "integer"),
            Printed("MAXPODS", ".spec.maxReplicas", "integer"),
            Printed("REPLICAS", ".status.currentReplicas", "integer"),
            AGE,
        ),
    ),
    Definition(
        resource=MULTI_CLUSTER_INGRESSES, spec=anything(), status=anything(), required=(), short=("mci",)
    ),
    Definition(resource=MULTI_CLUSTER_SERVICES, spec=_service(), status=anything(), short=("mcs",)),
    Definition(
        resource=SERVICE_EXPORTS, spec=None, status=record({"conditions": conditions()}), short=("svcex",),
        categories=(), columns=(Printed("Age", ".metadata.creationTimestamp", "date"),),
    ),
    Definition(
        resource=SERVICE_IMPORTS, spec=_import(), required=(), short=("svcim",), categories=(),
        status=record(
            {
                "clusters": many(record({"cluster": text()}, ("cluster",)), keys=["cluster"]),
                "conditions": conditions(),
            }
        ),
        columns=(
            Printed("Type", ".spec.type"),
            Printed("IP", ".spec.ips"),
            Printed("Age", ".metadata.creationTimestamp", "date"),
        ),
    ),
)  # fmt: skip
