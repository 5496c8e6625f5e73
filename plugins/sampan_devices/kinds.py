"""The four kinds of resource.k8s.io/v1. Source: API reference; upstream's strategies and printers."""

from __future__ import annotations

from sampan.contracts.kinds import Column, Kind, Object
from sampan_devices import claims, slices
from sampan_machinery import resources
from sampan_machinery.columns import AGE, NAME, field
from sampan_machinery.metadata import get_path, is_deleting


def state(claim: Object) -> str:
    """``allocated,reserved``."""
    status = claim.get("status") or {}
    allocated = status.get("allocation") is not None
    states = ["deleted"] if is_deleting(claim) else [] if allocated else ["pending"]
    if allocated:
        states += ["allocated", "reserved"] if status.get("reservedFor") else ["allocated"]
    return ",".join(states)


DEVICE_CLASS = Kind(
    **resources.DEVICE_CLASSES._asdict(), columns=(NAME, AGE), generation=True, shown_deleted=True,
    has_expressions=True, validate=claims.validate_class,
)  # fmt: skip
RESOURCE_CLAIM = Kind(
    **resources.RESOURCE_CLAIMS._asdict(), columns=(NAME, Column("State", state), AGE), status=True, shown_deleted=True,
    status_metadata=False, has_expressions=True,
    default=claims.default_resource_claim, prepare=claims.prepare_resource_claim,
    validate=claims.validate_resource_claim,
)  # fmt: skip
RESOURCE_CLAIM_TEMPLATE = Kind(
    **resources.RESOURCE_CLAIM_TEMPLATES._asdict(), columns=(NAME, AGE), shown_deleted=True,
    has_expressions=True, default=claims.default_template, validate=claims.validate_template,
)  # fmt: skip
RESOURCE_SLICE = Kind(
    **resources.RESOURCE_SLICES._asdict(), generation=True, shown_deleted=True,
    columns=(
        NAME, field("Node", "spec", "nodeName"), field("Driver", "spec", "driver"),
        field("Pool", "spec", "pool", "name"), AGE,
    ),
    fields={
        "spec.nodeName": lambda obj: get_path(obj, "spec", "nodeName", default=None) or "",
        "spec.driver": lambda obj: get_path(obj, "spec", "driver", default=None) or "",
    },
    default=slices.default, prepare=slices.prepare, validate=slices.validate,
)  # fmt: skip

KINDS = (DEVICE_CLASS, RESOURCE_CLAIM, RESOURCE_CLAIM_TEMPLATE, RESOURCE_SLICE)
