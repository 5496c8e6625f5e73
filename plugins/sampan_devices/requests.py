"""What a claim asks for: requests, constraints, configuration. Source: resource validation (meaning, order, words)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sampan.contracts.kinds import Object, Problem
from sampan_devices import limits
from sampan_devices.expressions import complaint
from sampan_devices.shapes import configuration, fully_qualified_name, items, label, toleration
from sampan_machinery import names
from sampan_machinery.problems import invalid, required, too_long, unsupported
from sampan_machinery.validation import by_rule

ALLOCATION_MODES = ("All", "ExactCount")
_ONE = "exactly one of `exactly` or `firstAvailable` is required"
_REFERENCE = "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'"
_ATTRIBUTE = 'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set'

Names = Mapping[str, frozenset[str]]  # of the requests, each with those of its alternatives


def default_claim(devices: Object) -> None:
    """Of a DeviceClaim, in place."""
    for request in devices.get("requests") or ():
        for each in (request.get("exactly"), *(request.get("firstAvailable") or ())):
            if each is not None:
                _default_request(each)


def _default_request(request: Object) -> None:
    if not request.get("allocationMode"):
        request["allocationMode"] = "ExactCount"
    if request["allocationMode"] == "ExactCount" and not request.get("count"):
        request["count"] = 1
    default_tolerations(request)


def default_tolerations(holder: Object) -> None:
    for each in holder.get("tolerations") or ():
        if not each.get("operator"):
            each["operator"] = "Equal"


def device_claim(path: str, devices: Object, *, stored: bool = False) -> Iterator[Problem]:
    """``stored``: it was accepted before, whatever the size of its configuration."""
    known = request_names(devices)

    def config(where: str, each: Object) -> Iterator[Problem]:
        yield from references(f"{where}.requests", each.get("requests"), known)
        yield from configuration(where, each, stored=stored)

    def constraint(where: str, each: Object) -> Iterator[Problem]:
        yield from _constraint(where, each, known)

    yield from items(f"{path}.requests", devices.get("requests"), limits.REQUESTS, _request, _name)
    yield from items(f"{path}.constraints", devices.get("constraints"), limits.CONSTRAINTS, constraint)
    yield from items(f"{path}.config", devices.get("config"), limits.CONFIGS, config)


def request_names(devices: Object) -> Names:
    return {
        _name(request): frozenset(_name(each) for each in request.get("firstAvailable") or ())
        for request in devices.get("requests") or ()
    }


def references(path: str, found: list[str] | None, known: Names) -> Iterator[Problem]:
    """A list of names of requests."""

    def one(where: str, name: str) -> Iterator[Problem]:
        yield from reference(where, name, known)

    yield from items(path, found, limits.REQUESTS, one, str)


def reference(path: str, name: str, known: Names) -> Iterator[Problem]:
    """``request`` or ``request/alternative``."""
    request, *rest = name.split("/")
    if len(rest) > 1:
        yield invalid(path, name, _REFERENCE)
        return
    for part in (request, *rest):
        yield from label(path, part)
    if request not in known or any(part not in known[request] for part in rest):
        yield invalid(path, name, _REFERENCE)


def selectors(path: str, found: list[Object] | None) -> Iterator[Problem]:
    yield from items(path, found, limits.SELECTORS, _selector)


def _name(holder: Object) -> str:
    return holder.get("name") or ""


def _request(path: str, request: Object) -> Iterator[Problem]:
    yield from label(f"{path}.name", request.get("name"))
    exactly, alternatives = request.get("exactly"), request.get("firstAvailable")
    if exactly is not None and alternatives:
        yield invalid(path, None, f"{_ONE}, but multiple fields are set")
    elif alternatives:
        yield from items(f"{path}.firstAvailable", alternatives, limits.ALTERNATIVES, _alternative, _name)
    elif exactly is not None:
        yield from _wanted(f"{path}.exactly", exactly)
    else:
        yield required(path, _ONE)


def _alternative(path: str, request: Object) -> Iterator[Problem]:
    yield from label(f"{path}.name", request.get("name"))
    yield from _wanted(path, request)


def _wanted(path: str, request: Object) -> Iterator[Problem]:
    if not request.get("deviceClassName"):
        yield required(f"{path}.deviceClassName")
    else:
        yield from by_rule(f"{path}.deviceClassName", request["deviceClassName"], names.dns_subdomain)
    yield from selectors(f"{path}.selectors", request.get("selectors"))
    yield from _count(path, request.get("allocationMode") or "", request.get("count") or 0)
    for index, each in enumerate(request.get("tolerations") or ()):
        yield from toleration(f"{path}.tolerations[{index}]", each)


def _count(path: str, mode: str, count: int) -> Iterator[Problem]:
    if mode == "All" and count:
        yield invalid(f"{path}.count", count, "must not be specified when allocationMode is 'All'")
    elif mode == "ExactCount" and count <= 0:
        yield invalid(f"{path}.count", count, "must be greater than zero")
    elif mode not in ALLOCATION_MODES:
        yield unsupported(f"{path}.allocationMode", mode, ALLOCATION_MODES)


def _selector(path: str, selector: Object) -> Iterator[Problem]:
    if selector.get("cel") is None:
        yield required(f"{path}.cel")
        return
    expression, where = selector["cel"].get("expression") or "", f"{path}.cel.expression"
    if len(expression.encode()) > limits.EXPRESSION:
        yield too_long(where, limits.EXPRESSION)
    elif why := complaint(expression):
        yield invalid(where, expression, why)


def _constraint(path: str, constraint: Object, known: Names) -> Iterator[Problem]:
    yield from references(f"{path}.requests", constraint.get("requests"), known)
    named: list[tuple[str, Any]] = [(field, constraint.get(field)) for field in ("matchAttribute", "distinctAttribute")]
    given = [(field, name) for field, name in named if name is not None]
    if not given:
        yield required(path, _ATTRIBUTE)  # sic: upstream says so where none is set
    else:
        field, name = given[0]
        yield from fully_qualified_name(f"{path}.{field}", name)
