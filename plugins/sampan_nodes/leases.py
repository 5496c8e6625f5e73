"""The kind Lease: heartbeats and leader election. Source: coordination.k8s.io/v1 API reference."""

from __future__ import annotations

from collections.abc import Iterator

from sampan.contracts.kinds import Column, Draft, Kind, Object, Problem
from sampan_machinery.columns import AGE, NAME
from sampan_machinery.validation import validate_non_negative, validate_positive


def prepare(draft: Draft) -> None:
    """Coordinated leader election is not served: its fields are dropped, as upstream does with the feature off."""
    spec = draft.object.get("spec") or {}
    for name in ("preferredHolder", "strategy"):
        spec.pop(name, None)


def validate(new: Object, old: Object | None) -> Iterator[Problem]:
    spec = new.get("spec") or {}
    yield from validate_positive("spec.leaseDurationSeconds", spec.get("leaseDurationSeconds"))
    yield from validate_non_negative("spec.leaseTransitions", spec.get("leaseTransitions"))


LEASE = Kind(
    group="coordination.k8s.io", version="v1", kind="Lease", plural="leases",
    columns=(
        NAME,
        Column("Holder", lambda obj: (obj.get("spec") or {}).get("holderIdentity") or ""),
        AGE,
    ),
    prepare=prepare, validate=validate, create_on_update=True, unconditional_update=False,
    any_finalizer=True,
)  # fmt: skip
