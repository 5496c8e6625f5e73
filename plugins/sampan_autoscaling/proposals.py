"""What one metric of an autoscaler proposes, and how its current value is shown.

Pure but for the Source that is asked. Source: pkg/controller/podautoscaler (meaning, reasons and messages).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sampan.contracts.kinds import Object
from sampan_autoscaling.proportions import (
    ReplicaCount,
    TargetState,
    Unmeasured,
    by_average,
    by_share,
    by_utilization,
    by_value,
)
from sampan_autoscaling.sources import Source
from sampan_machinery import quantities

_MICRO = 10**6  # billionths in a thousandth


@dataclass(frozen=True)
class Proposal:
    """One metric's answer."""

    replicas: int
    name: str  # as events and conditions call the metric
    status: Object  # an entry of status.currentMetrics


class MetricUnavailable(Exception):
    """One metric has no answer: ``reason`` is that of the event and the condition."""

    def __init__(self, reason: str, cause: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.cause = cause  # as the condition says it


@dataclass(frozen=True)
class MetricContext:
    """All that a metric is computed from."""

    source: Source
    namespace: str
    selector: str
    situation: TargetState


def propose(metric: Object, asking: MetricContext) -> Proposal:
    """Raises MetricUnavailable."""
    kind = metric.get("type", "")
    if kind not in _COMPUTE:
        message = f'unknown metric source type "{kind}"'
        raise MetricUnavailable("InvalidMetricSourceType", message, message)
    place, compute, what = _COMPUTE[kind]
    said = metric[place]
    try:
        return compute(said, asking)
    except Unmeasured as error:
        shown = what.format(name=said.get("name") or (said.get("metric") or {}).get("name", ""))
        raise MetricUnavailable(
            f"FailedGet{kind}Metric", str(error), f"failed to get {shown} metric value: {error}"
        ) from error


def _resource(said: Object, asking: MetricContext) -> Proposal:
    name, container, target = said["name"], said.get("container", ""), said["target"]
    if target.get("averageValue") is None and target.get("averageUtilization") is None:
        raise Unmeasured("invalid resource metric source: neither an average utilization nor an average value target")
    average = target.get("averageValue") is not None
    try:
        samples = asking.source.resource(asking.namespace, asking.selector, name, container)
        found = (
            by_average(asking.situation, samples, quantities.milli(target["averageValue"]), name)
            if average
            else by_utilization(asking.situation, samples, target["averageUtilization"], name, container)
        )
    except Unmeasured as error:
        word = "usage" if average else "utilization"
        raise Unmeasured(f"failed to get {name} {word}: {_with_context(error, name)}") from error
    current: Object = {"averageValue": amount(found.average)}
    if found.utilization is not None:
        current["averageUtilization"] = found.utilization
    label = f"{name} resource" if average else f"{name} resource utilization (percentage of request)"
    entry: Object = {"name": name, "current": current}
    if container:
        entry = {"name": name, "container": container, "current": current}
    kind, place = ("ContainerResource", "containerResource") if container else ("Resource", "resource")
    return Proposal(found.replicas, label, {"type": kind, place: entry})


def _with_context(error: Unmeasured, name: str) -> str:
    """A message of the metrics API gets the resource's name; a message about the pods names it already."""
    text = str(error)
    return f"unable to get metrics for resource {name}: {text}" if "metrics API" in text else text


def _pods(said: Object, asking: MetricContext) -> Proposal:
    metric = said["metric"]
    samples = asking.source.pods(asking.namespace, asking.selector, metric)
    found = by_average(asking.situation, samples, quantities.milli(said["target"]["averageValue"]))
    status = {"metric": metric, "current": {"averageValue": amount(found.average)}}
    return Proposal(found.replicas, f"pods metric {metric['name']}", {"type": "Pods", "pods": status})


def _object(said: Object, asking: MetricContext) -> Proposal:
    metric, about = said["metric"], said["describedObject"]
    usage = asking.source.object(asking.namespace, about, metric)
    found, current = _of_figure(said["target"], usage, asking.situation)
    status = {"metric": metric, "describedObject": about, "current": current}
    return Proposal(found.replicas, f"{about['kind']} metric {metric['name']}", {"type": "Object", "object": status})


def _external(said: Object, asking: MetricContext) -> Proposal:
    metric = said["metric"]
    usage = asking.source.external(asking.namespace, metric)
    found, current = _of_figure(said["target"], usage, asking.situation)
    status = {"metric": metric, "current": current}
    return Proposal(found.replicas, f"external metric {metric['name']}", {"type": "External", "external": status})


def _of_figure(target: Object, usage: int, situation: TargetState) -> tuple[ReplicaCount, Object]:
    if target.get("averageValue") is not None:
        found = by_share(situation, usage, quantities.milli(target["averageValue"]))
        return found, {"averageValue": amount(found.average)}
    found = by_value(situation, usage, quantities.milli(target["value"]))
    return found, {"value": amount(found.average)}


def amount(thousandths: int) -> str:
    return quantities.text_of(thousandths * _MICRO)


_COMPUTE: dict[str, tuple[str, Callable[[Object, MetricContext], Proposal], str]] = {
    "Resource": ("resource", _resource, "{name} resource"),
    "ContainerResource": ("containerResource", _resource, "{name} container"),
    "Pods": ("pods", _pods, "pods"),
    "Object": ("object", _object, "object"),
    "External": ("external", _external, "{name} external"),
}
