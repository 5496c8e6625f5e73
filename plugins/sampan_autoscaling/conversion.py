"""autoscaling/v1 and v2 of one object. What v1 has no field for is kept in four annotations, as upstream does.

Source: Kubernetes pkg/apis/autoscaling (names of the annotations) and the autoscaling/v1 types (shapes inside them).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from sampan.contracts.kinds import Object

METRICS = "autoscaling.alpha.kubernetes.io/metrics"
CURRENT = "autoscaling.alpha.kubernetes.io/current-metrics"
CONDITIONS = "autoscaling.alpha.kubernetes.io/conditions"
BEHAVIOR = "autoscaling.alpha.kubernetes.io/behavior"
_OURS = (METRICS, CURRENT, CONDITIONS, BEHAVIOR)
_V1, _V2 = "autoscaling/v1", "autoscaling/v2"
_STATUS = ("observedGeneration", "lastScaleTime", "currentReplicas", "desiredReplicas")


def to_v2(obj: Object) -> Object:
    """Of a v1 object; annotations that cannot be read are passed over, as upstream does."""
    spec, status = dict(obj.get("spec") or {}), dict(obj.get("status") or {})
    metadata = dict(obj.get("metadata") or {})
    kept = metadata.get("annotations") or {}
    aim = spec.pop("targetCPUUtilizationPercentage", None)
    metrics = [_metric_to_v2(each) for each in _list(kept.get(METRICS))]
    if aim is not None:
        metrics.insert(0, _resource("cpu", {"type": "Utilization", "averageUtilization": aim}))
    if metrics:
        spec["metrics"] = metrics
    behavior = _read(kept.get(BEHAVIOR))
    if isinstance(behavior, dict):
        spec["behavior"] = behavior
    if not status.get("currentReplicas"):  # left out of a v2 status where there are none
        status.pop("currentReplicas", None)
    usage = status.pop("currentCPUUtilizationPercentage", None)
    current = [_status_to_v2(each) for each in _list(kept.get(CURRENT))]
    if usage is not None and not any(_is_cpu(each) for each in current):
        current.insert(0, _resource("cpu", {"averageUtilization": usage}, "current"))
    if current:
        status["currentMetrics"] = current
    if conditions := _list(kept.get(CONDITIONS)):
        status["conditions"] = conditions
    _annotate(metadata, {})
    return _built(obj, _V2, metadata, spec, status)


def from_v2(obj: Object) -> Object:
    """Of a v2 object."""
    spec, status = dict(obj.get("spec") or {}), dict(obj.get("status") or {})
    metadata, extra = dict(obj.get("metadata") or {}), {}
    others = []
    for metric in spec.pop("metrics", None) or ():
        aim = _cpu_target(metric)
        if aim is None:
            others.append(_metric_to_v1(metric))
        elif "targetCPUUtilizationPercentage" not in spec:
            spec["targetCPUUtilizationPercentage"] = aim
    if others:
        extra[METRICS] = others
    if behavior := spec.pop("behavior", None):
        extra[BEHAVIOR] = behavior
    if "status" in obj:
        status.setdefault("currentReplicas", 0)  # never left out of a v1 status
    current = status.pop("currentMetrics", None) or ()
    for metric in current:
        usage = metric["resource"]["current"].get("averageUtilization") if _is_cpu(metric) else None
        if usage is not None:
            status["currentCPUUtilizationPercentage"] = usage
    if current:
        extra[CURRENT] = [_status_to_v1(each) for each in current]
    if conditions := status.pop("conditions", None):
        extra[CONDITIONS] = conditions
    _annotate(metadata, extra)
    return _built(obj, _V1, metadata, spec, status)


def _built(obj: Object, version: str, metadata: Object, spec: Object, status: Object) -> Object:
    rest = {key: value for key, value in obj.items() if key not in ("kind", "apiVersion", "metadata", "spec", "status")}
    made = {"kind": "HorizontalPodAutoscaler", "apiVersion": version, "metadata": metadata, "spec": spec, **rest}
    if "status" in obj or status:
        made["status"] = status
    return made


def _annotate(metadata: Object, extra: dict[str, Any]) -> None:
    """Leave the four annotations out, then put those in that are given."""
    kept = {key: value for key, value in (metadata.get("annotations") or {}).items() if key not in _OURS}
    kept.update((key, json.dumps(value, separators=(",", ":"))) for key, value in extra.items())
    if kept:
        metadata["annotations"] = kept
    else:
        metadata.pop("annotations", None)


def _read(text: Any) -> Any:
    try:
        return json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None


def _list(text: Any) -> list[Object]:
    found = _read(text)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _resource(name: str, amounts: Object, place: str = "target") -> Object:
    return {"type": "Resource", "resource": {"name": name, place: amounts}}


def _is_cpu(metric: Object) -> bool:
    return metric.get("type") == "Resource" and (metric.get("resource") or {}).get("name") == "cpu"


def _cpu_target(metric: Object) -> int | None:
    aim = metric["resource"].get("target", {}).get("averageUtilization") if _is_cpu(metric) else None
    return aim if isinstance(aim, int) else None


#: v2 type → (field of the metric, its v1 names of: value, averageValue, averageUtilization) in a spec and in a status
_PLACES = {"Resource": "resource", "ContainerResource": "containerResource", "Pods": "pods", "Object": "object",
           "External": "external"}  # fmt: skip
_AIMS = {
    "Resource": {"averageValue": "targetAverageValue", "averageUtilization": "targetAverageUtilization"},
    "ContainerResource": {"averageValue": "targetAverageValue", "averageUtilization": "targetAverageUtilization"},
    "Pods": {"averageValue": "targetAverageValue"},
    "Object": {"value": "targetValue", "averageValue": "averageValue"},
    "External": {"value": "targetValue", "averageValue": "targetAverageValue"},
}
_NOWS = {
    "Resource": {"averageValue": "currentAverageValue", "averageUtilization": "currentAverageUtilization"},
    "ContainerResource": {"averageValue": "currentAverageValue", "averageUtilization": "currentAverageUtilization"},
    "Pods": {"averageValue": "currentAverageValue"},
    "Object": {"value": "currentValue", "averageValue": "averageValue"},
    "External": {"value": "currentValue", "averageValue": "currentAverageValue"},
}


def _metric_to_v1(metric: Object) -> Object:
    return _flat(metric, "target", _AIMS)


def _status_to_v1(metric: Object) -> Object:
    return _flat(metric, "current", _NOWS)


def _metric_to_v2(metric: Object) -> Object:
    return _deep(metric, "target", _AIMS, _with_type)


def _status_to_v2(metric: Object) -> Object:
    return _deep(metric, "current", _NOWS, lambda amounts: amounts)


def _flat(metric: Object, where: str, renames: dict[str, dict[str, str]]) -> Object:
    kind = metric.get("type", "")
    place = _PLACES.get(kind)
    source = metric.get(place or "")
    if place is None or not isinstance(source, dict):
        return metric
    flat: Object = {key: source[key] for key in ("name", "container") if key in source}
    if "metric" in source:
        flat["metricName"] = source["metric"].get("name", "")
        if "selector" in source["metric"]:
            flat["metricSelector" if kind == "External" else "selector"] = source["metric"]["selector"]
    if "describedObject" in source:
        flat["target"] = source["describedObject"]
    amounts = source.get(where) or {}
    flat.update((old, amounts[new]) for new, old in renames[kind].items() if new in amounts)
    return {"type": kind, place: flat}


def _deep(metric: Object, where: str, renames: dict[str, dict[str, str]], finish: Callable[[Object], Object]) -> Object:
    kind = metric.get("type", "")
    place = _PLACES.get(kind)
    flat = metric.get(place or "")
    if place is None or not isinstance(flat, dict):
        return metric
    deep: Object = {key: flat[key] for key in ("name", "container") if key in flat}
    if "metricName" in flat:
        deep["metric"] = {"name": flat["metricName"]}
        selector = flat.get("metricSelector" if kind == "External" else "selector")
        if selector is not None:
            deep["metric"]["selector"] = selector
    if "target" in flat:
        deep["describedObject"] = flat["target"]
    # v1 has one required field where v2 has two optional ones: 0 there stands for "not this one"
    amounts = {
        new: flat[old]
        for new, old in renames[kind].items()
        if old in flat and not (kind == "Object" and flat[old] == "0" and "averageValue" in flat)
    }
    deep[where] = finish(amounts)
    return {"type": kind, place: deep}


def _with_type(amounts: Object) -> Object:
    names = {"averageUtilization": "Utilization", "averageValue": "AverageValue", "value": "Value"}
    kind = next((word for key, word in names.items() if key in amounts), "")
    return {"type": kind, **amounts} if kind else amounts
