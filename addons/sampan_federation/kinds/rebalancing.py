"""The kind WorkloadRebalancer."""

from __future__ import annotations

from sampan_federation.kinds.definitions import Definition
from sampan_federation.kinds.schemas import Schema, integer, long, many, moment, record, text
from sampan_federation.resources import WORKLOAD_REBALANCERS


def _reference() -> Schema:
    fields = {"apiVersion": text(), "kind": text(), "name": text(), "namespace": text()}
    return record(fields, ("apiVersion", "kind", "name"))


def _spec() -> Schema:
    fields = {"workloads": many(_reference(), minItems=1), "ttlSecondsAfterFinished": integer()}
    return record(fields, ("workloads",))


def _status() -> Schema:
    entry = record({"workload": _reference(), "result": text(), "reason": text()}, ("workload",))
    return record({"observedWorkloads": many(entry), "observedGeneration": long(), "finishTime": moment()})


DEFINITIONS = (Definition(resource=WORKLOAD_REBALANCERS, spec=_spec(), status=_status(), categories=()),)
