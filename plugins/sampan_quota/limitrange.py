"""The kind LimitRange: its defaults and what may stand in it. Source: API reference core/v1 LimitRange."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sampan.contracts.kinds import Kind, Object, Problem
from sampan_machinery import names, problems, quantities
from sampan_machinery.columns import CREATED_AT, NAME
from sampan_machinery.resources import LIMIT_RANGES
from sampan_machinery.validation import by_rule
from sampan_quota.amounts import Amounts, is_overcommitable, resource_name

CONTAINER, POD, CLAIM = "Container", "Pod", "PersistentVolumeClaim"
_STANDARD_TYPES = frozenset({CONTAINER, POD, CLAIM})
_FIELDS = ("max", "min", "default", "defaultRequest", "maxLimitRequestRatio")
_ONLY_FOR_OTHERS = "may not be specified when `type` is 'Pod'"
#: (field that is named, smaller field, greater field, what they are called)
_ORDERS = (
    ("min", "min", "max", "min value {} is greater than max value {}"),
    ("defaultRequest", "min", "defaultRequest", "min value {} is greater than default request value {}"),
    ("defaultRequest", "defaultRequest", "max", "default request value {} is greater than max value {}"),
    ("defaultRequest", "defaultRequest", "default", "default request value {} is greater than default limit value {}"),
    ("default", "min", "default", "min value {} is greater than default value {}"),
    ("default", "default", "max", "default value {} is greater than max value {}"),
)
#: The value that the refusal shows, where it is not that of the named field.
_SHOWN = {_ORDERS[4]: "min", _ORDERS[5]: "max"}


def default(obj: Object) -> None:
    """For containers: the limit is the max, the request is the limit or else the min, where none is given."""
    for item in (obj.get("spec") or {}).get("limits") or ():
        if item.get("type") != CONTAINER:
            continue
        limits = {**(item.get("max") or {}), **(item.get("default") or {})}
        requests = {**(item.get("min") or {}), **limits, **(item.get("defaultRequest") or {})}
        for field, amounts in (("default", limits), ("defaultRequest", requests)):
            if amounts:
                item[field] = amounts


def validate(new: Object, old: Object | None) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, item in enumerate((new.get("spec") or {}).get("limits") or ()):
        path, kind = f"spec.limits[{index}]", item.get("type") or ""
        yield from _type(f"{path}.type", kind)
        if kind in seen:
            yield problems.duplicate(f"{path}.type", kind)
        seen.add(kind)
        yield from _item(path, kind, {field: item.get(field) or {} for field in _FIELDS})


def _type(path: str, kind: str) -> Iterator[Problem]:
    wrong = by_rule(path, kind, names.label_key)
    yield from wrong
    if not wrong and "/" not in kind and kind not in _STANDARD_TYPES:
        yield problems.invalid(path, kind, "must be a standard limit type or fully qualified")


def _item(path: str, kind: str, item: dict[str, Amounts]) -> Iterator[Problem]:
    checked = [field for field in _FIELDS if kind != POD or not field.startswith("default")]
    for field in set(_FIELDS) - set(checked):
        if item[field]:
            yield problems.forbidden(f"{path}.{field}", _ONLY_FOR_OTHERS)
    for field in checked:
        for name in item[field]:
            yield from resource_name(f"{path}.{field}[{name}]", name, of_containers=kind in (POD, CONTAINER))
    if kind == CLAIM and "storage" not in item["min"] and "storage" not in item["max"]:
        detail = "either minimum or maximum storage value is required, but neither was provided"
        yield problems.required(f"{path}.limits", detail)
    for name in sorted({name for field in checked for name in item[field]}):
        given = {field: item[field][name] for field in checked if name in item[field]}
        if all(map(quantities.is_quantity, given.values())):
            yield from _amounts(path, name, given)


def _amounts(path: str, name: str, given: dict[str, Any]) -> Iterator[Problem]:
    """What is said of one resource."""
    for order in _ORDERS:
        field, low, high, words = order
        if low in given and high in given and quantities.compare(given[low], given[high]) > 0:
            shown = given[_SHOWN.get(order, field)]
            yield problems.invalid(f"{path}.{field}[{name}]", shown, words.format(given[low], given[high]))
    if "maxLimitRequestRatio" in given:
        yield from _ratio(f"{path}.maxLimitRequestRatio[{name}]", given)
    if not is_overcommitable(name) and "default" in given and "defaultRequest" in given:
        limit, request = given["default"], given["defaultRequest"]
        if quantities.compare(limit, request):
            detail = f"default value {limit} must equal to defaultRequest value {request} in {name}"
            yield problems.invalid(f"{path}.defaultRequest[{name}]", request, detail)


def _ratio(path: str, given: dict[str, Any]) -> Iterator[Problem]:
    ratio = given["maxLimitRequestRatio"]
    if quantities.compare(ratio, 1) < 0:
        yield problems.invalid(path, ratio, f"ratio {ratio} is less than 1")
    least, most = (quantities.nanos(given[field]) if field in given else 0 for field in ("min", "max"))
    if least > 0 and "max" in given and quantities.nanos(ratio) * least > most * quantities.NANOS:
        yield problems.invalid(path, ratio, f"ratio {ratio} is greater than max/min = {most / least:f}")


LIMIT_RANGE = Kind(
    **LIMIT_RANGES._asdict(),
    short_names=("limits",),
    columns=(NAME, CREATED_AT),
    create_on_update=True,
    default=default,
    validate=validate,
)
