"""How many replicas metrics ask for, over the pods of all members together. Pure.

Source: "Horizontal Pod Autoscaling", algorithm details: pods that are missing in the metrics count against a change,
and so do those that are not ready. Of the types of metrics, Resource and ContainerResource.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sampan.contracts.kinds import Object
from sampan.errors import StatusError
from sampan_machinery.quantities import is_quantity, milli
from sampan_podspec.requests import pod_nanos

TOLERANCE = 0.1
LARGEST = 10**15  # of a figure that a member says, in thousandths


class Sample(NamedTuple):
    """One pod. Amounts in thousandths."""

    ready: bool
    used: Mapping[tuple[str, str], int]  # (container, resource); empty: its metrics are missing
    requested: Mapping[tuple[str, str], int]


class MetricUnavailable(Exception):
    """The metric says nothing now."""


class Proposal(NamedTuple):
    replicas: int
    name: str
    status: Object  # of currentMetrics


def sample_of(pod: Object, metrics: Mapping[str, Any] | None) -> Sample | None:
    """Of a pod and its PodMetrics; None for one that does not count. Raises nothing, whatever a member says."""
    status, metadata = _map(pod.get("status")), _map(pod.get("metadata"))
    if metadata.get("deletionTimestamp") or status.get("phase") in ("Failed", "Succeeded"):
        return None
    conditions = _maps(status.get("conditions"))
    ready = any(each.get("type") == "Ready" and each.get("status") == "True" for each in conditions)
    used = {
        (str(container.get("name")), str(resource)): amount
        for container in _maps(_map(metrics).get("containers"))
        for resource, amount in _amounts(container.get("usage"))
    }
    return Sample(ready and status.get("phase") == "Running", used, _requests(_map(pod.get("spec"))))


def propose(metric: Mapping[str, Any], samples: Sequence[Sample], current: int) -> Proposal:
    """Raises MetricUnavailable with what is missing."""
    kind = metric.get("type")
    source = metric.get({"Resource": "resource", "ContainerResource": "containerResource"}.get(str(kind), "")) or {}
    resource, target = str(source.get("name", "")), source.get("target") or {}
    if not source or target.get("type") not in ("Utilization", "AverageValue"):
        raise MetricUnavailable(f"metrics of type {kind} with a target of type {target.get('type')} are not supported")
    container = str(source.get("container") or "") if kind == "ContainerResource" else ""
    if not samples:
        raise MetricUnavailable("no pods returned by selector while calculating replica count")
    found = [(sample, _sum(sample.used, container, resource)) for sample in samples]
    measured = [(sample, used) for sample, used in found if used is not None]
    if not measured:
        raise MetricUnavailable(f"no metrics of {resource} are known of any of {len(samples)} pods")
    utilization = target["type"] == "Utilization"
    wanted = int(target["averageUtilization"]) if utilization else milli(target["averageValue"])

    def ratio(amounts: Iterable[tuple[Sample, int]]) -> float:
        pairs = list(amounts)
        used = sum(amount for _, amount in pairs)
        if not utilization:
            return used / len(pairs) / max(1, wanted)
        requested = sum(_requested(sample, container, resource) for sample, _ in pairs)
        return used * 100 / requested / max(1, wanted)

    replicas = _replicas(found, measured, ratio, resource, container, wanted, current, utilization=utilization)
    average = sum(amount for _, amount in measured) // len(measured)
    said: Object = {"averageValue": f"{average}m"}
    if utilization:
        said["averageUtilization"] = round(ratio(measured) * max(1, wanted))
    name = f"{resource} resource"
    field = "containerResource" if container else "resource"
    where = {"container": container} if container else {}
    return Proposal(replicas, name, {"type": str(kind), field: {"name": resource, **where, "current": said}})


def _replicas(
    found: Sequence[tuple[Sample, int | None]], measured: Sequence[tuple[Sample, int]], ratio: Any, resource: str,
    container: str, wanted: int, current: int, *, utilization: bool,
) -> int:  # fmt: skip
    unready = [sample for sample, _ in found if not sample.ready] if resource == "cpu" else []
    counted = [(sample, used) for sample, used in measured if sample not in unready]
    missing = [sample for sample, used in found if used is None and sample not in unready]
    if not counted:
        raise MetricUnavailable(f"no pod that is ready has metrics of {resource}")
    first = ratio(counted)
    if not missing and not (unready and first > 1):
        return current if abs(1 - first) <= TOLERANCE else math.ceil(first * len(counted))
    added: list[tuple[Sample, int]] = []
    for sample in missing:
        if first < 1:
            full = max(100, wanted) * _requested(sample, container, resource) // 100 if utilization else wanted
            added.append((sample, full))
        elif first > 1:
            added.append((sample, 0))
    if first > 1:
        added += [(sample, 0) for sample in unready]
    second = ratio([*counted, *added])
    if abs(1 - second) <= TOLERANCE or (first < 1) != (second < 1):
        return current
    replicas = math.ceil(second * (len(counted) + len(added)))
    return current if (second < 1 and replicas > current) or (second > 1 and replicas < current) else replicas


def _sum(amounts: Mapping[tuple[str, str], int], container: str, resource: str) -> int | None:
    chosen = [
        value for (holder, name), value in amounts.items() if name == resource and container in ("", holder)
    ]  # fmt: skip
    return sum(chosen) if chosen else None


def _requested(sample: Sample, container: str, resource: str) -> int:
    found = _sum(sample.requested, container, resource)
    if not found:
        raise MetricUnavailable(f"missing request for {resource}" + (f" in container {container}" if container else ""))
    return found


def _requests(spec: Mapping[str, Any]) -> dict[tuple[str, str], int]:
    found = {
        (str(container.get("name")), resource): amount
        for container in _maps(spec.get("containers"))
        for resource, amount in _amounts(_map(container.get("resources")).get("requests"))
    }
    if not found:  # requests of the whole pod
        try:
            return {("", name): nanos // 10**6 for name, nanos in pod_nanos(dict(spec)).items() if nanos}
        except (AttributeError, KeyError, TypeError, ValueError, StatusError):
            return {}
    return found


def _amounts(value: Any) -> Iterable[tuple[str, int]]:
    for name, amount in _map(value).items():
        if is_quantity(amount) and 0 <= (found := milli(amount)) <= LARGEST:
            yield str(name), found


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _maps(value: Any) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []
