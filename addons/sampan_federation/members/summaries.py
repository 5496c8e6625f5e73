"""What a member's nodes have and its pods request, together: status.nodeSummary and status.resourceSummary. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sampan.contracts.kinds import Object
from sampan.errors import StatusError
from sampan_machinery.metadata import condition_is
from sampan_machinery.quantities import BINARY, DECIMAL, add, compare, is_quantity, text_of
from sampan_podspec.requests import pod_nanos

#: Of one member; what a member calls its resources is not trusted.
MOST_RESOURCES = 100
Amounts = dict[str, str]


def summarize(
    nodes: Iterable[Object], pods: Iterable[Object], models: Sequence[Mapping[str, Any]] = ()
) -> tuple[Object, Object]:  # fmt: skip
    """(nodeSummary, resourceSummary). ``allocatable``: of nodes that are ready and take pods. ``models``: the cluster's
    ``spec.resourceModels``: how many nodes are of each grade."""
    total = ready = 0
    allocatable: Amounts = {}
    grades = dict.fromkeys((int(model.get("grade") or 0) for model in models), 0)
    for node in nodes:
        total += 1
        if not condition_is(_map(node.get("status")), "Ready"):
            continue
        ready += 1
        if _map(node.get("spec")).get("unschedulable"):
            continue
        capacity = _amounts(_map(node.get("status")).get("allocatable"))
        _add(allocatable, capacity)
        if (grade := grade_of(capacity, models)) is not None:
            grades[grade] += 1
    allocated: Amounts = {}
    allocating: Amounts = {}
    for pod in pods:
        spec = _map(pod.get("spec"))
        _add(allocated if spec.get("nodeName") else allocating, {**_requested(spec), "pods": "1"})
    summary: Object = {"allocatable": allocatable, "allocated": allocated, "allocating": allocating}
    if grades:
        summary["allocatableModelings"] = [{"grade": grade, "count": count} for grade, count in sorted(grades.items())]
    return {"totalNum": total, "readyNum": ready}, {name: value for name, value in summary.items() if value}


def grade_of(capacity: Mapping[str, str], models: Sequence[Mapping[str, Any]]) -> int | None:
    """The highest grade whose minimum of every resource the node has."""
    fitting = [
        int(model.get("grade") or 0)
        for model in models
        if all(
            compare(capacity.get(each.get("name", ""), "0"), each.get("min", "0")) >= 0
            for each in model.get("ranges") or ()
        )
    ]
    return max(fitting, default=None)


def _requested(spec: Mapping[str, Any]) -> Amounts:
    """Of a pod, whatever a member says of it."""
    try:
        return {name: text_of(nanos, _family(name)) for name, nanos in pod_nanos(spec).items() if nanos}
    except (AttributeError, KeyError, TypeError, ValueError, StatusError):
        return {}


def _family(resource: str) -> str:
    return BINARY if resource.startswith(("memory", "ephemeral-storage", "hugepages-")) else DECIMAL


def _amounts(value: Any) -> Amounts:
    return {str(name)[:253]: str(amount) for name, amount in _map(value).items() if is_quantity(amount)}


def _add(totals: Amounts, amounts: Mapping[str, str]) -> None:
    for name, amount in amounts.items():
        if name in totals or len(totals) < MOST_RESOURCES:
            totals[name] = add(totals.get(name, "0"), amount)


def _map(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
