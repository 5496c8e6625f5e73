"""Whether an override policy may concern a binding, by what the binding says of its object. Pure.

Labels of the object are not known from the binding, so a selector by labels may always concern it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sampan.contracts.kinds import Object


def may_select(policy: Object, binding: Object) -> bool:
    reference = (binding.get("spec") or {}).get("resource") or {}
    namespace = policy["metadata"].get("namespace")
    if namespace and namespace != reference.get("namespace"):
        return False
    selectors = (policy.get("spec") or {}).get("resourceSelectors")
    return not selectors or any(_may(each, reference) for each in selectors)


def _may(selector: Mapping[str, Any], reference: Mapping[str, Any]) -> bool:
    if any(selector.get(field) != reference.get(field) for field in ("apiVersion", "kind")):
        return False
    return all(not selector.get(field) or selector[field] == reference.get(field) for field in ("namespace", "name"))
