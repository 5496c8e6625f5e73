"""A pod's resource requests and its quality-of-service class.

Amounts are integers in billionths (``quantities.nanos``), so sums and comparisons are exact and cheap. Source: KEP-753
(sidecars), KEP-2837 (resources of a whole pod), the API reference of ResourceRequirements, the documentation on QoS.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from sampan_machinery import quantities
from sampan_podspec.containers import is_sidecar

Nanos = dict[str, int]
Amounts = dict[str, Fraction]
#: The resources that decide the QoS class, and those that may be set for a whole pod.
COMPUTE = ("cpu", "memory")


def pod_requests(spec: Mapping[str, Any], *, kind: str = "requests") -> Amounts:
    """The pod's requests by resource name: the larger of the running containers' sum and any init step's, plus
    overhead. Requests at pod level take precedence over the containers'. ``kind`` is requests or limits."""
    return {name: Fraction(amount, quantities.NANOS) for name, amount in pod_nanos(spec, kind=kind).items()}


def pod_nanos(spec: Mapping[str, Any], *, kind: str = "requests") -> Nanos:
    """The same in billionths."""
    total = container_nanos(spec, kind=kind)
    total.update(_of(spec, kind))
    if overhead := spec.get("overhead"):
        extra = _parsed(overhead)
        _add(total, extra if kind == "requests" else {name: extra[name] for name in extra if name in total})
    return total


def container_nanos(spec: Mapping[str, Any], *, kind: str = "requests") -> Nanos:
    """What the containers need at once in billionths, whatever the pod says as a whole."""
    running = _sum(_of(container, kind) for container in spec.get("containers") or ())
    sidecars: Nanos = {}
    peak: Nanos = {}
    for container in spec.get("initContainers") or ():
        need = _of(container, kind)
        if is_sidecar(container):
            _add(sidecars, need)
            _raise(peak, sidecars)
        else:
            _raise(peak, _sum((sidecars, need)))
    total = _sum((running, sidecars))
    _raise(total, peak)
    return total


def container_quantities(spec: Mapping[str, Any], *, kind: str = "requests") -> dict[str, str]:
    """The same as quantities, each with the suffixes of the first container that names the resource."""
    families: dict[str, str] = {}
    for holders in ("containers", "initContainers"):
        for container in spec.get(holders) or ():
            for name, amount in ((container.get("resources") or {}).get(kind) or {}).items():
                families.setdefault(name, quantities.read(amount).family)
    total = container_nanos(spec, kind=kind)
    return {name: quantities.text_of(nanos, families[name]) for name, nanos in total.items()}


def qos_class(spec: Mapping[str, Any]) -> str:
    """Guaranteed, Burstable or BestEffort."""
    found = [spec.get("resources")]
    if not found[0]:
        found = [c.get("resources") for name in ("containers", "initContainers") for c in spec.get(name) or ()]
    some, all_equal = False, True
    for resources in found:
        limits = _compute((resources or {}).get("limits"))
        requests = _compute((resources or {}).get("requests"))
        some = some or bool(limits or requests)
        all_equal = all_equal and len(limits) == len(COMPUTE) and {**limits, **requests} == limits
    if not some:
        return "BestEffort"
    return "Guaranteed" if all_equal else "Burstable"


_NONE: Nanos = {}


def _compute(amounts: Mapping[str, Any] | None) -> Nanos:
    if not amounts:
        return _NONE
    return {name: nanos for name in COMPUTE if name in amounts and (nanos := quantities.nanos(amounts[name])) > 0}


def _of(holder: Mapping[str, Any], kind: str) -> Nanos:
    return _parsed((holder.get("resources") or {}).get(kind) or {})


def _parsed(amounts: Mapping[str, Any]) -> Nanos:
    return {name: quantities.nanos(amount) for name, amount in amounts.items()}


def _sum(parts: Iterable[Nanos]) -> Nanos:
    total: Nanos = {}
    for part in parts:
        _add(total, part)
    return total


def _add(total: Nanos, part: Nanos) -> None:
    for name, amount in part.items():
        total[name] = total.get(name, 0) + amount


def _raise(total: Nanos, other: Nanos) -> None:
    for name, amount in other.items():
        if amount > total.get(name, 0):
            total[name] = amount
