"""How much of a node a pod asks for, and its quality-of-service class.

Source: KEP-753 (sidecars), the API reference of ResourceRequirements, and the QoS page of the documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from sampan.objects import quantities
from sampan.objects.pods.containers import is_sidecar, walk

Amounts = dict[str, Fraction]


def pod_requests(spec: Mapping[str, Any], *, kind: str = "requests") -> Amounts:
    """What the pod needs at once, by resource name: the larger of the running containers and any moment of starting,
    plus overhead. ``kind`` is requests or limits."""
    running = _sum(_of(container, kind) for container in spec.get("containers") or ())
    sidecars: Amounts = {}
    peak: Amounts = {}
    for container in spec.get("initContainers") or ():
        need = _of(container, kind)
        if is_sidecar(container):
            _add(sidecars, need)
            _max(peak, sidecars)
        else:
            _max(peak, _sum((sidecars, need)))
    total = _sum((running, sidecars))
    _max(total, peak)
    _add(total, _parsed(spec.get("overhead") or {}))
    return total


def qos_class(spec: Mapping[str, Any]) -> str:
    """Guaranteed, Burstable or BestEffort."""
    containers = [container for name, container in walk(dict(spec)) if name != "ephemeralContainers"]
    pairs = [(_compute(c, "requests"), _compute(c, "limits")) for c in containers]  # exact, in billionths
    if not any(requests or limits for requests, limits in pairs):
        return "BestEffort"
    guaranteed = all(
        set(limits) == {"cpu", "memory"} and all(requests.get(name, limits[name]) == limits[name] for name in limits)
        for requests, limits in pairs
    )
    return "Guaranteed" if guaranteed else "Burstable"


def _compute(container: Mapping[str, Any], kind: str) -> dict[str, int]:
    amounts = (container.get("resources") or {}).get(kind) or {}
    found = {name: quantities.nanos(amounts[name]) for name in ("cpu", "memory") if name in amounts}
    return {name: amount for name, amount in found.items() if amount}


def _of(container: Mapping[str, Any], kind: str) -> Amounts:
    return _parsed((container.get("resources") or {}).get(kind) or {})


def _parsed(amounts: Mapping[str, Any]) -> Amounts:
    return {name: Fraction(quantities.parse(amount)) for name, amount in amounts.items()}


def _sum(parts: Any) -> Amounts:
    total: Amounts = {}
    for part in parts:
        _add(total, part)
    return total


def _add(total: Amounts, part: Mapping[str, Fraction]) -> None:
    for name, amount in part.items():
        total[name] = total.get(name, Fraction(0)) + amount


def _max(total: Amounts, other: Mapping[str, Fraction]) -> None:
    for name, amount in other.items():
        if amount > total.get(name, Fraction(0)):
            total[name] = amount
