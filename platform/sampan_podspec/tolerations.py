"""Whether a toleration matches a taint. Used by the scheduler and by taint eviction."""

from __future__ import annotations

from sampan.contracts.kinds import Object


def tolerates(toleration: Object, taint: Object) -> bool:
    """Source: core/v1 Toleration."""
    if toleration.get("effect") and toleration["effect"] != taint.get("effect"):
        return False
    if toleration.get("key") and toleration["key"] != taint.get("key"):
        return False
    if toleration.get("operator") == "Exists":
        return True
    return bool(toleration.get("key")) and (toleration.get("value") or "") == (taint.get("value") or "")
