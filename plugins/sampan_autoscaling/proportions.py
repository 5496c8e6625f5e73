"""How many replicas measurements ask for: sums over pods, and what a pod without a measurement counts as.

Pure arithmetic over pods and samples in thousandths. Source: the Kubernetes documentation "Horizontal Pod Autoscaling",
algorithm details, and pkg/controller/podautoscaler replica_calculator (meaning).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sampan.contracts.kinds import Object
from sampan_machinery import quantities
from sampan_machinery.metadata import get_condition, is_deleting, parse_time

CPU = "cpu"


class Sample(NamedTuple):
    """What one pod used."""

    value: int  # thousandths
    at: float = 0.0  # end of the window, seconds since the epoch
    window: float = 0.0  # seconds


class Tolerance(NamedTuple):
    """How far a ratio may be from 1 before anything is done."""

    down: float = 0.1
    up: float = 0.1

    def within(self, ratio: float) -> bool:
        return 1.0 - self.down <= ratio <= 1.0 + self.up


TENTH = Tolerance()


class ReplicaCount(NamedTuple):
    """A number of replicas, and what it was computed from."""

    replicas: int
    average: int  # thousandths a pod (or in all, where the metric is not averaged)
    utilization: int | None = None  # percent of the requests


class Unmeasured(Exception):
    """The number of replicas cannot be computed; the message says why."""


@dataclass(frozen=True)
class TargetState:
    """What all metrics of one autoscaler are judged against."""

    pods: Sequence[Object]  # those the target's selector selects
    current: int  # replicas by the target's spec
    present: int  # replicas by the target's status
    now: float
    tolerance: Tolerance = TENTH
    warm_up: float = 300.0  # seconds in which a started pod's CPU may be that of its start
    first_ready: float = 30.0  # seconds in which an unready pod counts as never having been ready


class PodGroups(NamedTuple):
    ready: int
    unready: frozenset[str]
    missing: frozenset[str]
    ignored: frozenset[str]


def group(situation: TargetState, samples: Mapping[str, Sample], resource: str) -> PodGroups:
    """Which pods count, by name. Pods that end or have failed are out; pending ones are unready; so is, for CPU, one
    whose sample may still be that of its start."""
    ready, unready, missing, ignored = 0, set(), set(), set()
    for pod in situation.pods:
        name, status = pod["metadata"]["name"], pod.get("status") or {}
        if is_deleting(pod) or status.get("phase") == "Failed":
            ignored.add(name)
        elif status.get("phase") == "Pending":
            unready.add(name)
        elif name not in samples:
            missing.add(name)
        elif resource == CPU and _starting(status, samples[name], situation):
            unready.add(name)
        else:
            ready += 1
    return PodGroups(ready, frozenset(unready), frozenset(missing), frozenset(ignored))


def _starting(status: Object, sample: Sample, situation: TargetState) -> bool:
    condition = get_condition(status, "Ready")
    if condition is None or not status.get("startTime"):
        return True
    started = parse_time(status["startTime"])
    moved = parse_time(condition["lastTransitionTime"]) if condition.get("lastTransitionTime") else started
    unready = condition.get("status") == "False"
    if started + situation.warm_up > situation.now:
        return unready or sample.at < moved + sample.window
    return unready and started + situation.first_ready > moved


def requests_of(pods: Iterable[Object], resource: str, container: str = "") -> dict[str, int]:
    """Thousandths each pod asks for; raises Unmeasured where a container asks for none."""
    return {pod["metadata"]["name"]: _request(pod, resource, container) for pod in pods}


def _request(pod: Object, resource: str, container: str) -> int:
    spec = pod.get("spec") or {}
    whole = ((spec.get("resources") or {}).get("requests") or {}).get(resource)
    if whole is not None and not container:
        return quantities.milli(whole)
    sidecars = [each for each in spec.get("initContainers") or () if each.get("restartPolicy") == "Always"]
    total = 0
    for each in (*(spec.get("containers") or ()), *sidecars):
        if container and each.get("name") != container:
            continue
        amount = ((each.get("resources") or {}).get("requests") or {}).get(resource)
        if amount is None:
            name = pod["metadata"]["name"]
            raise Unmeasured(f"missing request for {resource} in container {each.get('name')} of Pod {name}")
        total += quantities.milli(amount)
    return total


def by_utilization(
    situation: TargetState, samples: Mapping[str, Sample], percent: int, resource: str, container: str = ""
) -> ReplicaCount:
    """For a target in percent of what the pods request."""
    groups, counted = _counted(situation, samples, resource)
    asked = requests_of(situation.pods, resource, container)
    ratio, utilization, average = _utilization(counted, asked, percent)
    full = max(100, percent)  # a pod without a sample, when the others say "fewer", counts as using all it may
    assumed = {name: asked[name] * full // 100 for name in groups.missing}
    replicas = _settle(
        situation, groups, counted, ratio, assumed, lambda used: _utilization(used, asked, percent)[0]
    )  # fmt: skip
    return ReplicaCount(replicas, average, utilization)


def by_average(situation: TargetState, samples: Mapping[str, Sample], aim: int, resource: str = "") -> ReplicaCount:
    """For a target in thousandths a pod; ``resource`` where the metric is one of a resource."""
    groups, counted = _counted(situation, samples, resource)
    average = sum(counted.values()) // len(counted)
    assumed = dict.fromkeys(groups.missing, aim)
    replicas = _settle(
        situation, groups, counted, average / aim, assumed, lambda used: (sum(used.values()) // len(used)) / aim
    )  # fmt: skip
    return ReplicaCount(replicas, average)


def by_value(situation: TargetState, usage: int, aim: int) -> ReplicaCount:
    """For one figure in all that shall be ``aim``."""
    ratio = usage / aim
    if not situation.current:
        return ReplicaCount(math.ceil(ratio), usage)
    if situation.tolerance.within(ratio):
        return ReplicaCount(situation.current, usage)
    return ReplicaCount(math.ceil(ratio * ready_pods(situation)), usage)


def by_share(situation: TargetState, usage: int, aim: int) -> ReplicaCount:
    """For one figure in all of which each pod shall have ``aim``."""
    replicas = situation.present
    if not replicas or not situation.tolerance.within(usage / (aim * replicas)):
        replicas = math.ceil(usage / aim)
    return ReplicaCount(replicas, math.ceil(usage / situation.present) if situation.present else 0)


def ready_pods(situation: TargetState) -> int:
    if not situation.pods:
        raise Unmeasured("unable to calculate ready pods: no pods returned by selector while calculating replica count")
    return sum(
        (pod.get("status") or {}).get("phase") == "Running"
        and (get_condition(pod.get("status"), "Ready") or {}).get("status") == "True"
        for pod in situation.pods
    )


def _counted(situation: TargetState, samples: Mapping[str, Sample], resource: str) -> tuple[PodGroups, dict[str, int]]:
    if not situation.pods:
        raise Unmeasured("no pods returned by selector while calculating replica count")
    groups = group(situation, samples, resource)
    out = groups.ignored | groups.unready
    counted = {name: sample.value for name, sample in samples.items() if name not in out}
    if not counted:
        raise Unmeasured("did not receive metrics for targeted pods (pods might be unready)")
    return groups, counted


def _utilization(used: Mapping[str, int], asked: Mapping[str, int], percent: int) -> tuple[float, int, int]:
    """Ratio to the target, percent used, thousandths a pod."""
    known = [name for name in used if name in asked]
    total, requested = sum(used[name] for name in known), sum(asked[name] for name in known)
    if not requested:
        raise Unmeasured("no metrics returned matched known pods")
    share = total * 100 // requested
    return share / percent, share, total // len(known)


def _settle(
    situation: TargetState,
    groups: PodGroups,
    counted: Mapping[str, int],
    ratio: float,
    assumed: Mapping[str, int],
    ratio_of: Callable[[Mapping[str, int]], float],
) -> int:
    """From the measured pods' ratio to replicas, with conservative values for pods without a measurement."""
    current, tolerance = situation.current, situation.tolerance
    starting = bool(groups.unready) and ratio > 1.0
    if not starting and not groups.missing:
        return current if tolerance.within(ratio) else math.ceil(ratio * groups.ready)
    used = dict(counted)
    if ratio < 1.0:
        used.update(assumed)
    elif ratio > 1.0:
        used.update(dict.fromkeys(groups.missing, 0))
    if starting:
        used.update(dict.fromkeys(groups.unready, 0))
    again = ratio_of(used)
    if tolerance.within(again) or (ratio < 1.0 < again) or (again < 1.0 < ratio):
        return current
    replicas = math.ceil(again * len(used))
    turned = (again < 1.0 and replicas > current) or (again > 1.0 and replicas < current)
    return current if turned else replicas
