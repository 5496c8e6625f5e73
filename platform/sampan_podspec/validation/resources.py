"""Resource requests and limits, of a container or of a whole pod."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from sampan.contracts.kinds import Problem
from sampan.errors import StatusError
from sampan_machinery import names, problems, quantities
from sampan_machinery.validation import by_rule

STANDARD = frozenset({"cpu", "memory", "ephemeral-storage"})
POD_LEVEL = frozenset({"cpu", "memory"})
HUGE = "hugepages-"


def container_resources(
    path: str, resources: Mapping[str, Any], claims: Collection[str] = (), *, standard: Collection[str] = STANDARD
) -> Iterator[Problem]:
    """``claims`` are the names that resources.claims may refer to."""
    limits = resources.get("limits") or {}
    requests = resources.get("requests") or {}
    for kind, amounts in (("limits", limits), ("requests", requests)):
        for name, text in amounts.items():
            yield from _amount(path, kind, name, text, standard)
    for name, text in requests.items():
        limit = limits.get(name)
        if limit is None:
            if name not in STANDARD and not _is_overcommitable(name):
                yield problems.required(f"{path}.limits", "Limit must be set for non overcommitable resources")
        elif quantities.is_quantity(text) and quantities.is_quantity(limit):
            yield from _pair(f"{path}.requests", name, text, limit)
    for index, claim in enumerate(resources.get("claims") or ()):
        if claim.get("name") not in claims:
            yield problems.not_found(f"{path}.claims[{index}].name", claim.get("name") or "")


def _amount(path: str, kind: str, name: str, text: Any, standard: Collection[str]) -> Iterator[Problem]:
    if name not in standard and not name.startswith(HUGE):
        yield from _name(f"{path}.{kind}[{name}]", name)
    try:
        nanos = quantities.nanos(text)
    except StatusError as error:
        yield problems.invalid(f"{path}.{kind}[{name}]", text, error.message)
        return
    if nanos < 0:
        yield problems.invalid(f"{path}.{kind}[{name}]", text, "must be greater than or equal to 0")
    elif name not in STANDARD and nanos % quantities.NANOS:
        yield problems.invalid(f"{path}.{kind}[{name}]", text, "must be an integer")


def _name(path: str, name: str) -> Iterator[Problem]:
    if "/" in name:
        yield from by_rule(path, name, names.label_key)
    else:
        yield problems.invalid(path, name, "must be a standard resource for containers")


def _is_overcommitable(name: str) -> bool:
    """Whether limits may exceed requests: not for extended resources and huge pages."""
    return not name.startswith(HUGE) and "/" not in name


def _pair(path: str, name: str, request: Any, limit: Any) -> Iterator[Problem]:
    asked, most = quantities.nanos(request), quantities.nanos(limit)
    if name not in STANDARD and asked != most:
        yield problems.invalid(path, request, f"must be equal to {name} limit of {limit}")
    elif asked > most:
        yield problems.invalid(path, request, f"must be less than or equal to {name} limit of {limit}")
