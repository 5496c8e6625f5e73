"""Taints of devices and what tolerates them. Pure. Source: upstream's resourceclaim package."""

from __future__ import annotations

from sampan.contracts.kinds import Object


def tolerates(toleration: Object, taint: Object) -> bool:
    """As nodes' taints are; an empty key tolerates all keys."""
    for field in ("effect", "key"):
        if toleration.get(field) and toleration[field] != taint.get(field):
            return False
    operator = toleration.get("operator") or "Equal"
    if operator == "Equal":
        return (toleration.get("value") or "") == (taint.get("value") or "")
    return bool(operator == "Exists")
