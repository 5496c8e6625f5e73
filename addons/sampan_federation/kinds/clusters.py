"""The kind Cluster: a member of the federation."""

from __future__ import annotations

from sampan_federation.kinds.definitions import AGE, Definition, Printed
from sampan_federation.kinds.schemas import (
    Schema,
    conditions,
    flag,
    integer,
    long,
    many,
    mapping,
    moment,
    one_of,
    quantities,
    quantity,
    record,
    text,
)
from sampan_federation.resources import CLUSTERS


def _secret() -> Schema:
    return record({"namespace": text(), "name": text()}, ("namespace", "name"))


def _taints() -> Schema:
    fields = {
        "key": text(), "value": text(), "effect": one_of("NoSchedule", "PreferNoSchedule", "NoExecute"),
        "timeAdded": moment(),
    }  # fmt: skip
    return many(record(fields, ("key", "effect")))


def _spec() -> Schema:
    ranges = many(record({"name": text(), "min": quantity(), "max": quantity()}, ("name", "min", "max")))
    return record(
        {
            "id": text(maxLength=128000),
            "syncMode": one_of("Push", "Pull"),
            "apiEndpoint": text(),
            "secretRef": _secret(),
            "impersonatorSecretRef": _secret(),
            "insecureSkipTLSVerification": flag(),
            "proxyURL": text(),
            "proxyHeader": mapping(),
            "provider": text(),
            "region": text(),
            "zone": text(),
            "zones": many(text()),
            "taints": _taints(),
            "resourceModels": many(record({"grade": long(0), "ranges": ranges}, ("grade", "ranges"))),
        },
        ("syncMode",),
    )


def _status() -> Schema:
    kinds = many(record({"name": text(), "kind": text()}, ("name", "kind")))
    models = many(record({"grade": long(0), "count": long(0)}, ("grade", "count")))
    return record(
        {
            "kubernetesVersion": text(),
            "apiEnablements": many(record({"groupVersion": text(), "resources": kinds}, ("groupVersion",))),
            "conditions": conditions(),
            "nodeSummary": record({"totalNum": integer(0), "readyNum": integer(0)}),
            "resourceSummary": record(
                {
                    "allocatable": quantities(),
                    "allocating": quantities(),
                    "allocated": quantities(),
                    "allocatableModelings": models,
                }
            ),
            "remedyActions": many(text()),
        }
    )


DEFINITIONS = (
    Definition(
        resource=CLUSTERS,
        spec=_spec(),
        status=_status(),
        categories=(),
        columns=(
            Printed("VERSION", ".status.kubernetesVersion"),
            Printed("MODE", ".spec.syncMode"),
            Printed("READY", '.status.conditions[?(@.type=="Ready")].status'),
            AGE,
            Printed("ZONES", ".spec.zones", wide=True),
            Printed("REGION", ".spec.region", wide=True),
            Printed("PROVIDER", ".spec.provider", wide=True),
            Printed("APIENDPOINT", ".spec.apiEndpoint", wide=True),
            Printed("PROXYURL", ".spec.proxyURL", wide=True),
        ),
    ),
)
