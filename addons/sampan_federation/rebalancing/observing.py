"""What the status of a WorkloadRebalancer says of its workloads. Pure.

Source: Karmada v1.19, API reference of apps.karmada.io/v1alpha1 and its behaviour: a workload is rebalanced once; one
that is named no more stays in the status if it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sampan.contracts.kinds import Object
from sampan_federation.names import binding_name
from sampan_machinery.metadata import parse_time

SUCCESSFUL, FAILED, NOT_FOUND = "Successful", "Failed", "ReferencedBindingNotFound"
_FIELDS = ("apiVersion", "kind", "namespace", "name")


class Workload(NamedTuple):
    """As spec.workloads names it; the namespace is empty for one of the whole cluster."""

    api_version: str
    kind: str
    namespace: str
    name: str

    @property
    def binding(self) -> str:
        return binding_name(self.kind, self.name)

    def to_json(self) -> dict[str, str]:
        fields = zip(_FIELDS, self, strict=True)
        return {field: value for field, value in fields if value or field != "namespace"}


def workload_of(reference: Mapping[str, Any]) -> Workload:
    return Workload(*(str(reference.get(field) or "") for field in _FIELDS))


def observed(spec: Mapping[str, Any], status: Mapping[str, Any]) -> dict[Workload, Object]:
    """The entries of ``status.observedWorkloads`` as they have to be, sorted; what has no result is to be tried."""
    named = [workload_of(each) for each in spec.get("workloads") or ()]
    known = {workload_of(each.get("workload") or {}): each for each in status.get("observedWorkloads") or ()}
    kept = [each for each, entry in known.items() if each in named or entry.get("result") == SUCCESSFUL]
    return {each: dict(known.get(each) or {"workload": each.to_json()}) for each in sorted({*kept, *named})}


def is_newer(rebalancer: Object, binding: Object) -> bool:
    """Whether the binding was not told yet to be placed anew since the rebalancer was made."""
    before = (binding.get("spec") or {}).get("rescheduleTriggeredAt")
    return not before or parse_time(rebalancer["metadata"]["creationTimestamp"]) > parse_time(before)


def finished(entries: Sequence[Object]) -> bool:
    return all(each.get("result") for each in entries)
