"""The kind HorizontalPodAutoscaler in its two versions: defaults, columns. Source: autoscaling/v2 reference."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sampan.contracts.kinds import Column, Kind, Object
from sampan_autoscaling.conversion import from_v2, to_v2
from sampan_autoscaling.validation import validate
from sampan_machinery.columns import AGE, NAME
from sampan_machinery.metadata import copy, get_path

CPU_TARGET = 80  # percent of the request, where an autoscaler names no metric
_SHOWN = 2  # metrics in the TARGETS column

DEFAULT_METRIC: Object = {
    "type": "Resource",
    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": CPU_TARGET}},
}
DEFAULT_UP: Object = {
    "stabilizationWindowSeconds": 0,
    "selectPolicy": "Max",
    "policies": [
        {"type": "Pods", "value": 4, "periodSeconds": 15},
        {"type": "Percent", "value": 100, "periodSeconds": 15},
    ],
}
DEFAULT_DOWN: Object = {
    "selectPolicy": "Max",
    "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}],
}


def default(obj: Object) -> None:
    """One replica at least, CPU at 80 %, and both directions of a behaviour that names one."""
    spec = obj.setdefault("spec", {})
    spec.setdefault("minReplicas", 1)
    if not spec.get("metrics"):
        spec["metrics"] = [copy(DEFAULT_METRIC)]
    behavior = spec.get("behavior")
    if behavior is not None:
        for name, rules in (("scaleUp", DEFAULT_UP), ("scaleDown", DEFAULT_DOWN)):
            said = behavior.setdefault(name, {})
            for key, value in rules.items():
                if said.get(key) is None:
                    said[key] = copy(value)


def targets(obj: Object) -> str:
    """The TARGETS column: ``cpu: 12%/80%``."""
    specs = get_path(obj, "spec", "metrics", default=()) or ()
    statuses = get_path(obj, "status", "currentMetrics", default=()) or ()
    texts = [_target(spec, statuses[index] if index < len(statuses) else {}) for index, spec in enumerate(specs)]
    if not texts:
        return "<none>"
    shown = ", ".join(texts[:_SHOWN])
    return f"{shown} + {len(texts) - _SHOWN} more..." if len(texts) > _SHOWN else shown


def _target(spec: Object, status: Object) -> str:
    place = {
        "Resource": "resource", "ContainerResource": "containerResource", "Pods": "pods", "Object": "object",
        "External": "external",
    }.get(spec.get("type", ""))  # fmt: skip
    if place is None:
        return "<unknown type>"
    wanted = get_path(spec, place, "target", default={}) or {}
    current = get_path(status, place, "current", default={}) or {}
    if place in ("resource", "containerResource"):
        name = get_path(spec, place, "name", default="")
        if wanted.get("averageValue") is not None:
            return f"{name}: {current.get('averageValue', '<unknown>')}/{wanted['averageValue']}"
        now, aim = current.get("averageUtilization"), wanted.get("averageUtilization")
        return f"{name}: {'<unknown>' if now is None else f'{now}%'}/{'<auto>' if aim is None else f'{aim}%'}"
    if wanted.get("averageValue") is not None:
        average = "" if place == "pods" else " (avg)"
        return f"{current.get('averageValue', '<unknown>')}/{wanted['averageValue']}{average}"
    return f"{current.get('value', '<unknown>')}/{wanted.get('value', '<auto>')}"


def _reference(obj: Object) -> str:
    target = get_path(obj, "spec", "scaleTargetRef", default={}) or {}
    return f"{target.get('kind', '')}/{target.get('name', '')}"


def _columns(seen: Callable[[Object], Object]) -> tuple[Column, ...]:
    def at(*path: str, otherwise: Any = 0) -> Callable[[Object], Any]:
        return lambda obj: get_path(obj, *path, default=otherwise)

    return (
        NAME,
        Column("Reference", _reference),
        Column("Targets", lambda obj: targets(seen(obj))),
        Column("MinPods", lambda obj: str(get_path(obj, "spec", "minReplicas", default="<unset>"))),
        Column("MaxPods", at("spec", "maxReplicas")),
        Column("Replicas", at("status", "currentReplicas")),
        AGE,
    )


AUTOSCALER = Kind(
    group="autoscaling", version="v2", kind="HorizontalPodAutoscaler", plural="horizontalpodautoscalers",
    short_names=("hpa",), categories=("all",), status=True, default=default, validate=validate,
    columns=_columns(lambda obj: obj),
)  # fmt: skip

AUTOSCALER_V1 = Kind(
    group="autoscaling", version="v1", kind="HorizontalPodAutoscaler", plural="horizontalpodautoscalers",
    short_names=("hpa",), categories=("all",), status=True, columns=_columns(to_v2),
    stored_as=("autoscaling", "v2"), to_stored=to_v2, from_stored=from_v2,
)  # fmt: skip
