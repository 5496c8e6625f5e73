"""How much of a shared device's capacity a request may consume. Source: resource validation (meaning, order, words)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from sampan.contracts.kinds import Object, Problem
from sampan_devices import limits
from sampan_devices.shapes import items
from sampan_machinery.problems import forbidden, invalid, required
from sampan_machinery.quantities import add, canonical, compare, whole


def request_policy(path: str, capacity: Any, policy: Object) -> Iterator[Problem]:
    values, ranged, default = policy.get("validValues") or [], policy.get("validRange"), policy.get("default")
    if values and ranged is not None:
        why = 'exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time'
        yield forbidden(path, why)
        return
    for name, given in (("validValues", values), ("validRange", ranged)):
        if (given or given == {}) and default is None:
            yield required(f"{path}.default", f"required when {name} is defined")
    if values and default is not None:
        yield from _values(f"{path}.validValues", default, capacity, values)
    elif ranged is not None and default is not None:
        yield from _range(f"{path}.validRange", default, capacity, ranged)


def _values(path: str, default: Any, capacity: Any, values: Sequence[Any]) -> Iterator[Problem]:
    for index, (before, value) in enumerate(pairwise(values), 1):
        if compare(before, value) > 0:
            yield invalid(f"{path}[{index}]", canonical(value), "values must be sorted in ascending order")

    def fits(where: str, value: Any) -> Iterator[Problem]:
        if compare(value, capacity) > 0:
            why = f"option is larger than capacity value: {canonical(capacity)}"
            yield invalid(where, canonical(value), why)

    yield from items(path, values, limits.CAPACITY_VALUES, fits, lambda value: str(whole(value)))
    if len(values) > limits.CAPACITY_VALUES or all(compare(value, default) for value in values):
        yield invalid(path, canonical(default), "default value is not valid according to the requestPolicy")


def _range(path: str, default: Any, capacity: Any, found: Object) -> Iterator[Problem]:
    least, most, step = found.get("min"), found.get("max"), found.get("step")
    if least is None:
        yield required(f"{path}.min", "required when validRange is defined")
        return
    bound = canonical(capacity)
    if compare(least, capacity) > 0:
        yield invalid(f"{path}.min", canonical(least), f"min is larger than capacity value: {bound}")
    if compare(default, least) < 0:
        yield invalid(f"{path}.min", canonical(default), f"default is less than min: {canonical(least)}")
    if most is not None:
        if compare(least, most) > 0:
            yield invalid(f"{path}.max", canonical(least), f"min is larger than max: {canonical(most)}")
        if compare(most, capacity) > 0:
            yield invalid(f"{path}.max", canonical(most), f"max is larger than capacity value: {bound}")
        if compare(default, most) > 0:
            yield invalid(f"{path}.max", canonical(default), f"default is more than max: {canonical(most)}")
    if step is not None:
        yield from _step(f"{path}.step", step, least, capacity, [default] if most is None else [default, most])


def _step(path: str, step: Any, least: Any, capacity: Any, values: Sequence[Any]) -> Iterator[Problem]:
    first = add(least, step)
    if compare(first, capacity) > 0:
        why = f"one step {first} is larger than capacity value: {canonical(capacity)}"
        yield invalid(path, canonical(step), why)
    if whole(step) == 0:
        yield invalid(path, canonical(step), "must be greater than zero")  # upstream divides by it
        return
    for value in values:
        if (whole(value) - whole(least)) % whole(step):
            why = f"value is not a multiple of a given step ({canonical(step)}) from ({canonical(least)})"
            yield invalid(path, canonical(value), why)
