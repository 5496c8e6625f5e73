"""The kind PodDisruptionBudget: columns and validation. Source: policy/v1 reference."""

from __future__ import annotations

from typing import Any

from sampan.contracts.kinds import Column, Kind, Object, Problem
from sampan_machinery.columns import AGE, NAME
from sampan_machinery.conditions import validate_conditions
from sampan_machinery.metadata import get_path
from sampan_machinery.problems import invalid, unsupported
from sampan_machinery.resources import POD_DISRUPTION_BUDGETS
from sampan_machinery.validation import validate_int_or_percent, validate_label_selector, validate_percent_at_most_100
from sampan_podspec.statuses import validate_counts

_COUNTS = ("disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods")
_LIMITS = ("minAvailable", "maxUnavailable")
_UNHEALTHY = ("AlwaysAllow", "IfHealthyBudget")


def validate(new: Object, old: Object | None) -> list[Problem]:
    spec = new.get("spec") or {}
    found: list[Problem] = []
    if all(spec.get(name) is not None for name in _LIMITS):
        found.append(invalid("spec", spec, "minAvailable and maxUnavailable cannot be both set"))
    for name in _LIMITS:
        if spec.get(name) is not None:
            found += validate_int_or_percent(f"spec.{name}", spec[name])
            found += validate_percent_at_most_100(f"spec.{name}", spec[name])
    found += validate_label_selector("spec.selector", spec.get("selector"))
    policy = spec.get("unhealthyPodEvictionPolicy")
    if policy is not None and policy not in _UNHEALTHY:
        found.append(unsupported("spec.unhealthyPodEvictionPolicy", policy, _UNHEALTHY))
    if old is not None and new.get("status") != old.get("status"):
        found += validate_conditions("status.conditions", get_path(new, "status", "conditions", default=()))
    return [*found, *validate_counts(new, old, _COUNTS)]


def _limit(name: str) -> Any:
    return lambda obj: str(get_path(obj, "spec", name, default="N/A"))


POD_DISRUPTION_BUDGET = Kind(
    **POD_DISRUPTION_BUDGETS._asdict(), short_names=("pdb",), status=True, generation=True, unconditional_update=False,
    any_finalizer=True, validate=validate,
    columns=(
        NAME,
        Column("Min Available", _limit("minAvailable"),
               description="The minimum number of pods that must be available."),
        Column("Max Unavailable", _limit("maxUnavailable"),
               description="The maximum number of pods that may be unavailable."),
        Column("Allowed Disruptions", lambda obj: get_path(obj, "status", "disruptionsAllowed", default=0),
               type="integer", description="Calculated number of pods that may be disrupted at this time."),
        AGE,
    ),
)  # fmt: skip
