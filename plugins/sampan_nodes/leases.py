"""The kind Lease: heartbeats and leader election. Source: coordination.k8s.io/v1 API reference."""

from __future__ import annotations

from collections.abc import Iterator

from sampan.contracts.kinds import Column, Kind, Object, Problem
from sampan.objects import problems


def validate(new: Object, old: Object | None) -> Iterator[Problem]:
    spec = new.get("spec") or {}
    seconds = spec.get("leaseDurationSeconds")
    if seconds is not None and seconds <= 0:
        yield problems.invalid("spec.leaseDurationSeconds", seconds, "must be greater than 0")
    transitions = spec.get("leaseTransitions")
    if transitions is not None and transitions < 0:
        yield problems.invalid("spec.leaseTransitions", transitions, "must be greater than or equal to 0")


LEASE = Kind(
    group="coordination.k8s.io", version="v1", kind="Lease", plural="leases",
    columns=(
        Column("Name", lambda obj: obj["metadata"]["name"], format="name"),
        Column("Holder", lambda obj: (obj.get("spec") or {}).get("holderIdentity") or ""),
        Column("Age", lambda obj: obj["metadata"].get("creationTimestamp"), type="date"),
    ),
    validate=validate, create_on_update=True, unconditional_update=False,
)  # fmt: skip
