"""How many replicas more a cluster can run, by its resource summary. Pure.

A summary of whole clusters is an upper bound: nodes may be too small each. Karmada's general estimator does the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from sampan_machinery.quantities import is_quantity, parse

MOST = 2**31 - 1


def available(summary: Mapping[str, Any], requests: Mapping[str, Any]) -> int:
    """Replicas that each request these resources (a ResourceList). Without a summary 0."""
    free = _free(summary)
    if not free:
        return 0
    counts = [int(free.get("pods", Fraction(0)))]
    for name, wanted in requests.items():
        amount = _number(wanted)
        if amount > 0:
            counts.append(int(free.get(name, Fraction(0)) / amount))
    return max(0, min(*counts, MOST))


def _free(summary: Mapping[str, Any]) -> dict[str, Fraction]:
    used = [summary.get("allocated") or {}, summary.get("allocating") or {}]
    return {
        name: _number(amount) - sum((_number(part.get(name, 0)) for part in used), Fraction(0))
        for name, amount in (summary.get("allocatable") or {}).items()
    }


def _number(value: Any) -> Fraction:
    """What a member says is not trusted to be a quantity."""
    return parse(value) if is_quantity(value) else Fraction(0)
