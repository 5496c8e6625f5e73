"""State of a workload that its replacement is to have: labels out of the status that its cluster last reported. Pure.

Source: Karmada's StatePreservation. The paths are those of kubectl's JSONPath, one value each.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sampan.contracts.kinds import Object

_STEP = re.compile(r"\.([A-Za-z_][\w-]*)|\[(\d+)\]|\['([^']+)'\]")


def preserved(binding: Object, cluster: str, rules: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Rules whose value is not there give no label."""
    items = (binding.get("status") or {}).get("aggregatedStatus") or ()
    status = next((item.get("status") for item in items if item.get("clusterName") == cluster), None) or {}
    found = {rule.get("aliasLabelName", ""): value_at(status, rule.get("jsonPath", "")) for rule in rules}
    return {name: value for name, value in found.items() if name and value}


def value_at(status: Any, path: str) -> str:
    """The text of the value at ``{.a.b[0]}``; empty if there is none, or if it is no single value."""
    steps = path.strip().removeprefix("{").removesuffix("}").strip()
    at = 0
    while at < len(steps):
        step = _STEP.match(steps, at)
        if step is None:
            return ""
        name, index, quoted = step.groups()
        if index is not None:
            status = status[int(index)] if isinstance(status, list) and int(index) < len(status) else None
        else:
            status = status.get(name or quoted) if isinstance(status, dict) else None
        at = step.end()
    if isinstance(status, bool):
        return str(status).lower()
    return str(status) if isinstance(status, (str, int, float)) else ""
