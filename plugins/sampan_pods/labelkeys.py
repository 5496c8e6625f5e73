"""Label keys of a new pod's affinity terms and spread constraints: the pod's own values become part of the selector.

Source: KEP-3633 and KEP-3243 (MatchLabelKeysInPodTopologySpreadSelectorMerge).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


def merge(spec: dict[str, Any], labels: dict[str, str]) -> None:
    """Changes ``spec``. A key that the pod does not carry, and a term without a selector, are passed over."""
    if not (spec.get("affinity") or spec.get("topologySpreadConstraints")):
        return
    for term in _terms(spec):
        selector = term.get("labelSelector")
        if selector is None:
            continue
        found = [
            {"key": key, "operator": operator, "values": [labels[key]]}
            for operator, field in (("In", "matchLabelKeys"), ("NotIn", "mismatchLabelKeys"))
            for key in term.get(field) or ()
            if key in labels
        ]
        if found:
            selector["matchExpressions"] = [*(selector.get("matchExpressions") or ()), *found]


def _terms(spec: dict[str, Any]) -> Iterator[dict[str, Any]]:
    affinity = spec.get("affinity") or {}
    for kind in ("podAffinity", "podAntiAffinity"):
        terms = affinity.get(kind) or {}
        yield from (each.get("podAffinityTerm") or {} for each in terms.get(_PREFERRED) or ())
        yield from terms.get(_REQUIRED) or ()
    for constraint in spec.get("topologySpreadConstraints") or ():
        yield {name: value for name, value in constraint.items() if name != "mismatchLabelKeys"}
