"""Resource requests and limits of a container."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from sampan.contracts.kinds import Problem
from sampan.errors import StatusError
from sampan.objects import names, problems, quantities

STANDARD = ("cpu", "memory", "ephemeral-storage")
HUGE = "hugepages-"


def container_resources(path: str, resources: dict[str, Any]) -> Iterator[Problem]:
    limits = resources.get("limits") or {}
    requests = resources.get("requests") or {}
    found: dict[str, dict[str, Fraction]] = {"limits": {}, "requests": {}}
    for kind, amounts in (("limits", limits), ("requests", requests)):
        for name, text in amounts.items():
            yield from _name(f"{path}.{kind}", name)
            where = f"{path}.{kind}[{name}]"
            try:
                amount = Fraction(quantities.parse(text))
            except (StatusError, ValueError) as error:
                yield problems.invalid(where, text, str(error))
                continue
            if amount < 0:
                yield problems.invalid(where, text, "must be greater than or equal to 0")
            elif amount.denominator != 1 and name not in ("cpu", "memory", "ephemeral-storage"):
                yield problems.invalid(where, text, "must be an integer")
            found[kind][name] = amount
    for name, amount in found["requests"].items():
        limit = found["limits"].get(name)
        if limit is not None and amount > limit:
            yield problems.invalid(
                f"{path}.requests", requests[name], f"must be less than or equal to {name} limit of {limits[name]}"
            )
        elif "/" in name and limit is None:
            yield problems.required(f"{path}.limits", "Limit must be set for non overcommitable resources")


def _name(path: str, name: str) -> Iterator[Problem]:
    if name in STANDARD or name.startswith(HUGE):
        return
    if "/" not in name:
        yield problems.invalid(f"{path}[{name}]", name, "must be a standard resource for containers")
        return
    for complaint in names.label_key(name):
        yield problems.invalid(f"{path}[{name}]", name, complaint)
