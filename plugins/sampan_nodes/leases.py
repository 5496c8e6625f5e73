"""The kind Lease: heartbeats and leader election. Source: coordination.k8s.io/v1 API reference."""

from __future__ import annotations

from collections.abc import Iterator

from sampan.contracts.kinds import Column, Kind, Object, Problem
from sampan.objects import problems
from sampan.objects.validation import validate_non_negative, validate_positive


def validate(new: Object, old: Object | None) -> Iterator[Problem]:
    spec = new.get("spec") or {}
    yield from validate_positive("spec.leaseDurationSeconds", spec.get("leaseDurationSeconds"))
    yield from validate_non_negative("spec.leaseTransitions", spec.get("leaseTransitions"))
    if spec.get("preferredHolder") and not spec.get("strategy"):
        detail = "may only be specified if `strategy` is defined"
        yield problems.forbidden("spec.preferredHolder", detail)


LEASE = Kind(
    group="coordination.k8s.io", version="v1", kind="Lease", plural="leases",
    columns=(
        Column("Name", lambda obj: obj["metadata"]["name"], format="name"),
        Column("Holder", lambda obj: (obj.get("spec") or {}).get("holderIdentity") or ""),
        Column("Age", lambda obj: obj["metadata"].get("creationTimestamp"), type="date"),
    ),
    validate=validate, create_on_update=True, unconditional_update=False,
)  # fmt: skip
