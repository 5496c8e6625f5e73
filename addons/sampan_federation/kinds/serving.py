"""The kinds of services across clusters, and of interpreters of custom kinds."""

from __future__ import annotations

from sampan_federation.kinds.definitions import AGE, Definition, Printed
from sampan_federation.kinds.schemas import (
    LABEL,
    Schema,
    checked,
    conditions,
    integer,
    many,
    one_of,
    record,
    text,
)
from sampan_federation.resources import (
    INTERPRETER_CUSTOMIZATIONS,
    MULTI_CLUSTER_INGRESSES,
    MULTI_CLUSTER_SERVICES,
    SERVICE_EXPORTS,
    SERVICE_IMPORTS,
)

ATOMIC = {"x-kubernetes-list-type": "atomic"}
ATOMIC_MAP = {"x-kubernetes-map-type": "atomic"}
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


def _service() -> Schema:
    names = many(record({"name": text()}, ("name",)))
    port = {"name": text(pattern=LABEL), "port": integer(1, maximum=65535)}
    spec = record(
        {
            "types": many(one_of("CrossCluster", "LoadBalancer"), maxItems=8),
            "ports": many(record(port, ("port",))),
            "range": record({"clusterNames": many(text())}),
            "serviceProvisionClusters": many(text()),
            "serviceConsumptionClusters": many(text()),
            "providerClusters": names,
            "consumerClusters": names,
        },
        ("types",),
    )
    single = "MultiClusterService types should not contain more than one type"
    return checked(
        spec,
        ("self.types.all(each, each == self.types[0])", single, ".types"),
        ("self.types == oldSelf.types", "MultiClusterService types are immutable", ".types"),
    )


def _balanced(**more: Schema) -> Schema:
    """The status of a load balancer. ``more``: fields of each ingress point."""
    port = record({"port": integer(), "protocol": text(), "error": text(maxLength=316)}, ("error", "port", "protocol"))
    point = record({"hostname": text(), "ip": text(), **more, "ports": many(port, **ATOMIC)})
    return record({"ingress": many(point, **ATOMIC)})


def _ingress() -> Schema:
    """An IngressSpec."""
    reference = record({"apiGroup": text(), "kind": text(), "name": text()}, ("kind", "name"), **ATOMIC_MAP)
    port = record({"name": text(), "number": integer()}, **ATOMIC_MAP)
    backend = record({"resource": reference, "service": record({"name": text(), "port": port}, ("name",))})
    kind = one_of("Exact", "Prefix", "ImplementationSpecific")
    path = record({"path": text(), "pathType": kind, "backend": backend}, ("backend", "pathType"))
    http = record({"paths": many(path, **ATOMIC)}, ("paths",))
    secret = record({"hosts": many(text(), **ATOMIC), "secretName": text()})
    spec = record(
        {
            "ingressClassName": text(),
            "defaultBackend": backend,
            "rules": many(record({"host": text(), "http": http}), **ATOMIC),
            "tls": many(secret, **ATOMIC),
        }
    )
    some = "has(self.defaultBackend) || (has(self.rules) && self.rules.size() > 0)"
    return checked(spec, (some, "either `defaultBackend` or `rules` must be specified", ""))


def _ingress_status() -> Schema:
    place = record({"name": text(), "clusters": many(text())}, ("name",))
    return record({"loadBalancer": _balanced(), "trafficBlockClusters": many(text()), "serviceLocations": many(place)})


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
        resource=MULTI_CLUSTER_INGRESSES, spec=_ingress(), status=_ingress_status(), short=("mci",)
    ),
    Definition(
        resource=MULTI_CLUSTER_SERVICES, spec=_service(), short=("mcs",),
        status=record({"conditions": conditions(), "loadBalancer": _balanced(ipMode=text())}),
    ),
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
