"""CEL selectors over devices. Source: k8s.io/dynamic-resource-allocation/cel (meaning)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sampan.contracts.kinds import Object
from sampan_devices.allocation.records import AllocationError
from sampan_devices.expressions import environment

if TYPE_CHECKING:
    from sampan_cel import Program

MOST_COST = 1_000_000  # of one evaluation, as upstream
_COMPILED = 256


class _Domains(dict[str, Any]):
    """Attributes or capacities by domain: one that is not there is empty."""

    def __missing__(self, domain: str) -> dict[str, Any]:
        return {}


def matches(expression: str, driver: str, device: Object) -> bool:
    """Raises AllocationError where the expression cannot be compiled or fails on this device."""
    from sampan_cel.errors import CelError

    try:
        found = _compiled(expression).evaluate({"device": _variable(driver, device)}, budget=MOST_COST)
    except CelError as error:
        raise AllocationError(f"CEL runtime error: {error}") from None
    if not isinstance(found, bool):
        raise AllocationError(f"CEL runtime error: the result must be a bool, not {type(found).__name__}")
    return found


@lru_cache(_COMPILED)
def _compiled(expression: str) -> Program:
    from sampan_cel.errors import CompileError

    try:
        return environment().compile(expression)
    except CompileError as error:
        raise AllocationError(f"CEL compile error: {error}") from None


def _variable(driver: str, device: Object) -> Object:
    from sampan_machinery.expressions.libraries import Amount
    from sampan_machinery.quantities import read

    attributes: dict[str, Any] = {name: _value(each) for name, each in (device.get("attributes") or {}).items()}
    capacity = {name: Amount(read(each.get("value") or "0")) for name, each in (device.get("capacity") or {}).items()}
    return {
        "driver": driver,
        "allowMultipleAllocations": bool(device.get("allowMultipleAllocations")),
        "attributes": _by_domain(attributes, driver),
        "capacity": _by_domain(capacity, driver),
    }


def _value(attribute: Object) -> Any:
    from sampan_machinery.expressions.libraries import Version

    kind, value = next((pair for pair in attribute.items() if pair[1] is not None), ("", ""))
    return Version(value) if kind == "version" else value


def _by_domain(values: dict[str, Any], driver: str) -> _Domains:
    """Names without a domain are the driver's."""
    found = _Domains()
    for name, value in values.items():
        domain, _, own = name.rpartition("/")
        found.setdefault(domain or driver, {})[own] = value
    return found
