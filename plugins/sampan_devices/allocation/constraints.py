"""Constraints over the devices of a claim: an attribute that all share, or that differs for each.

Source: API reference DeviceConstraint; KEP-4381, KEP-5075.
"""

from __future__ import annotations

from typing import Any

from sampan.contracts.kinds import Object
from sampan_devices.allocation.records import AllocationError, Candidate, Wanted

Value = tuple[str, Any]  # the type of an attribute and its value: 1 and "1" differ


class Constraint:
    """The devices that were added so far. ``add`` and ``remove`` are called in the order of a stack."""

    def __init__(self, attribute: str, requests: frozenset[str], *, distinct: bool) -> None:
        self._attribute, self._requests, self._distinct = attribute, requests, distinct
        self._values: list[Value] = []

    def add(self, wanted: Wanted, candidate: Candidate) -> bool:
        """False, and nothing is added, where the device does not go with those that are there."""
        if not self._concerns(wanted):
            return True
        value = value_of(candidate, self._attribute)
        if value is None:
            return False
        if self._values and (value in self._values if self._distinct else value != self._values[0]):
            return False
        self._values.append(value)
        return True

    def remove(self, wanted: Wanted) -> None:
        if self._concerns(wanted):
            self._values.pop()

    def _concerns(self, wanted: Wanted) -> bool:
        return not self._requests or wanted.request in self._requests or wanted.name in self._requests


def constraints_of(claim: Object) -> list[Constraint]:
    """Raises AllocationError for one that names no attribute."""
    found = []
    for index, each in enumerate((claim["spec"].get("devices") or {}).get("constraints") or ()):
        requests = frozenset(each.get("requests") or ())
        if (attribute := each.get("matchAttribute")) is not None:
            found.append(Constraint(attribute, requests, distinct=False))
        elif (attribute := each.get("distinctAttribute")) is not None:
            found.append(Constraint(attribute, requests, distinct=True))
        else:
            raise AllocationError(f"constraint #{index}: empty constraint (unsupported constraint type?)")
    return found


def value_of(candidate: Candidate, attribute: str) -> Value | None:
    """Of an attribute with its domain; the driver's own are stored without it."""
    attributes = candidate.device.get("attributes") or {}
    found = attributes.get(attribute)
    if found is None:
        domain, _, name = attribute.partition("/")
        found = attributes.get(name) if domain == candidate.id.driver else None
    for kind, value in (found or {}).items():
        if value is not None:
            return kind, value
    return None
