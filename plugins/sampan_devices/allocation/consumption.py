"""How much of a device's capacities a request consumes. Source: KEP-5075; API reference CapacityRequestPolicy."""

from __future__ import annotations

from collections.abc import Mapping

from sampan.contracts.kinds import Object
from sampan_machinery.quantities import BINARY, NANOS, Quantity, read

_NOTHING: Mapping[str, int] = {}


def consumed_by(request: Object, device: Object, used: Mapping[str, int] = _NOTHING) -> dict[str, Quantity] | None:
    """Of each capacity; None where the device does not have what is asked for, or not as much beside ``used`` (nanos).

    A request that names no amount takes the policy's default, or all.
    """
    asked = (request.get("capacity") or {}).get("requests") or {}
    capacities = device.get("capacity") or {}
    if any(name not in capacities for name in asked):
        return None
    found = {}
    for name, capacity in capacities.items():
        amount = _rounded(asked.get(name), capacity)
        if amount is None or amount.nanos + used.get(name, 0) > read(capacity.get("value") or "0").nanos:
            return None
        found[name] = amount
    return found


def _rounded(asked: str | int | None, capacity: Object) -> Quantity | None:
    """Up to what the policy lets one have; None where it lets one have nothing of the sort."""
    policy = capacity.get("requestPolicy") or {}
    default = policy.get("default")
    if asked is None:
        return read(default if default is not None else capacity.get("value") or "0")
    amount = read(asked)
    if (ranged := policy.get("validRange")) is not None:
        amount = _in_steps(amount, ranged)
    values = [read(each) for each in policy.get("validValues") or ()]
    amount = next((each for each in values if amount.nanos <= each.nanos), amount)
    if default is not None and amount.nanos == read(default).nanos:
        return amount
    if ranged is not None and ranged.get("max") is not None and amount.nanos > read(ranged["max"]).nanos:
        return None
    return None if values and all(amount.nanos != each.nanos for each in values) else amount


def _in_steps(amount: Quantity, ranged: Object) -> Quantity:
    least = read(ranged.get("min") or "0")
    if amount.nanos <= least.nanos:
        return least
    step = -(-read(ranged["step"]).nanos // NANOS) if ranged.get("step") is not None else 0
    if not step:
        return amount
    first, whole = -(-least.nanos // NANOS), -(-amount.nanos // NANOS)
    return Quantity((first + -(-(whole - first) // step) * step) * NANOS, BINARY)
