"""Default roles and bindings that exist are completed at every start.

Source: RBAC reference, "Auto-reconciliation".
"""

from __future__ import annotations

from sampan.contracts.kinds import Object
from sampan_machinery.metadata import copy

AUTOUPDATE = "rbac.authorization.kubernetes.io/autoupdate"


def restored(current: Object, wanted: Object) -> Object | None:
    """The object with what it lacks; None where it lacks nothing, or where its annotation is not true."""
    if (current["metadata"].get("annotations") or {}).get(AUTOUPDATE) != "true":
        return None
    lacking = {
        key: [each for each in wanted.get(key) or () if each not in (current.get(key) or [])]
        for key in ("rules", "subjects")
    }
    if not any(lacking.values()):
        return None
    obj: Object = copy(current)
    for key, found in lacking.items():
        if found:
            obj[key] = [*(obj.get(key) or []), *found]
    return obj
