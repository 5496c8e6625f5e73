"""Decides for one autoscaler: replicas, status, events. Pure but for the Source asked for measurements.

Source: pkg/controller/podautoscaler/horizontal.go (meaning, reasons and messages).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sampan.contracts.kinds import Object
from sampan_autoscaling import limits
from sampan_autoscaling.limits import AutoscalerHistory, ReplicaBounds, TimedNumber
from sampan_autoscaling.proportions import Tolerance
from sampan_autoscaling.proposals import MetricContext, MetricUnavailable, Proposal, propose
from sampan_machinery import quantities
from sampan_machinery.metadata import copy, get_path, now_text, set_condition
from sampan_machinery.selectors import parse_labels

_UNKNOWN = "the HPA controller was unable to get the target's current scale: "


@dataclass
class ScaleDecision:
    """What is to be done: ``replicas`` is None where the target stays as it is."""

    status: Object
    now: float
    replicas: int | None = None
    reason: str = ""  # why the number changes
    events: list[tuple[str, str, str]] = field(default_factory=list)  # type, reason, message

    def warn(self, reason: str, message: str) -> None:
        self.events.append(("Warning", reason, message))

    def condition(self, kind: str, value: bool, reason: str, message: str) -> None:
        set_condition(self.status, kind, str(value), now=now_text(self.now), reason=reason, message=message)


class CannotScale(Exception):
    """Nothing was computed; conditions and events say why."""


def begin(hpa: Object, now: float) -> ScaleDecision:
    """The status goes on from what it was."""
    status = copy(hpa.get("status") or {})
    status.update(observedGeneration=hpa["metadata"].get("generation", 0))
    status.setdefault("desiredReplicas", 0)
    return ScaleDecision(status, now)


def without_scale(hpa: Object, now: float, message: str) -> ScaleDecision:
    """The target cannot be read."""
    outcome = begin(hpa, now)
    outcome.warn("FailedGetScale", message)
    outcome.condition("AbleToScale", False, "FailedGetScale", _UNKNOWN + message)
    return outcome


def decide(hpa: Object, asking: MetricContext, memory: AutoscalerHistory, window: float) -> ScaleDecision:
    """``asking.situation`` knows the replicas and the pods of the target; ``window`` is the default downscale
    stabilization in seconds. Changes ``memory``."""
    now, spec = asking.situation.now, hpa["spec"]
    outcome = begin(hpa, now)
    outcome.condition(
        "AbleToScale", True, "SucceededGetScale", "the HPA controller was able to get the target's current scale"
    )
    current = asking.situation.current
    if not memory.recommended:
        memory.recommended.append(TimedNumber(now, current))
    low = 1 if spec.get("minReplicas") is None else spec["minReplicas"]
    bounds = ReplicaBounds(low, spec["maxReplicas"], spec.get("behavior"), window)
    outcome.status["currentReplicas"] = current
    try:
        desired = _desired(outcome, hpa, asking, bounds, memory)
    except CannotScale:
        return outcome
    outcome.status["desiredReplicas"] = desired
    if desired != current:
        outcome.replicas = desired
    return outcome


def scaled(outcome: ScaleDecision, hpa: Object, before: int, memory: AutoscalerHistory) -> None:
    """The target took the new number."""
    assert outcome.replicas is not None
    outcome.condition(
        "AbleToScale", True, "SucceededRescale",
        f"the HPA controller was able to update the target scale to {outcome.replicas}",
    )  # fmt: skip
    outcome.events.append(
        ("Normal", "SuccessfulRescale", f"New size: {outcome.replicas}; reason: {outcome.reason}")
    )  # fmt: skip
    outcome.status["lastScaleTime"] = now_text(outcome.now)
    limits.remember(memory, hpa["spec"].get("behavior"), before, outcome.replicas, outcome.now)


def not_scaled(outcome: ScaleDecision, hpa: Object, message: str) -> None:
    """The target refused it."""
    outcome.warn("FailedRescale", f"New size: {outcome.replicas}; reason: {outcome.reason}; error: {message}")
    outcome.condition(
        "AbleToScale",
        False,
        "FailedUpdateScale",
        f"the HPA controller was unable to update the target scale: {message}",
    )
    outcome.status["desiredReplicas"] = get_path(hpa, "status", "desiredReplicas", default=0)


def tolerance_of(hpa: Object, default: float) -> Tolerance:
    """That of the behaviour where it names one."""

    def of(name: str) -> float:
        said = get_path(hpa, "spec", "behavior", name, "tolerance")
        return default if said is None else quantities.nanos(said) / quantities.NANOS

    return Tolerance(of("scaleDown"), of("scaleUp"))


def _desired(
    outcome: ScaleDecision, hpa: Object, asking: MetricContext, bounds: ReplicaBounds, memory: AutoscalerHistory
) -> int:
    current = asking.situation.current
    if not current and bounds.low:
        outcome.condition(
            "ScalingActive", False, "ScalingDisabled",
            "scaling is disabled since the replica count of the target is zero",
        )  # fmt: skip
        return 0
    if current > bounds.high:
        outcome.reason = "Current number of replicas above Spec.MaxReplicas"
        return bounds.high
    if current < bounds.low:
        outcome.reason = "Current number of replicas below Spec.MinReplicas"
        return bounds.low
    wanted, name = _by_metrics(outcome, hpa, asking)
    if wanted > current:
        outcome.reason = f"{name} above target"
    elif wanted < current:
        outcome.reason = "All metrics below target"
    allowed = limits.limit(current, wanted, bounds, memory, outcome.now)
    outcome.condition("AbleToScale", True, *allowed.able)
    outcome.condition("ScalingLimited", allowed.limited, *allowed.limit)
    return allowed.replicas


def _by_metrics(outcome: ScaleDecision, hpa: Object, asking: MetricContext) -> tuple[int, str]:
    """The most any metric wants. Where one fails, the others may still ask for more, never for less."""
    if not asking.selector:
        _stop(outcome, "SelectorRequired", "selector is required", "InvalidSelector",
              "the HPA target's scale is missing a selector")  # fmt: skip
    found: list[Proposal] = []
    failed: list[MetricUnavailable] = []
    statuses: list[Object] = []
    for metric in hpa["spec"].get("metrics") or ():
        try:
            found.append(propose(metric, asking))
            statuses.append(found[-1].status)
        except MetricUnavailable as error:
            failed.append(error)
            statuses.append({"type": ""})
            outcome.warn(error.reason, error.cause)
    if any(status["type"] for status in statuses):
        outcome.status["currentMetrics"] = statuses
    else:
        outcome.status.pop("currentMetrics", None)
    best = max(found, key=lambda proposal: proposal.replicas, default=None)
    if best is None or (failed and best.replicas < asking.situation.current):
        first, total = failed[0], len(statuses)
        outcome.condition(
            "ScalingActive", False, first.reason, f"the HPA was unable to compute the replica count: {first.cause}"
        )
        message = f"invalid metrics ({len(failed)} invalid out of {total}), first error is: {first}"
        outcome.warn("FailedComputeMetricsReplicas", message)
        raise CannotScale
    outcome.condition(
        "ScalingActive", True, "ValidMetricFound",
        f"the HPA was able to successfully calculate a replica count from {best.name}",
    )  # fmt: skip
    return best.replicas, best.name


def _stop(outcome: ScaleDecision, event: str, words: str, reason: str, message: str) -> None:
    outcome.warn(event, words)
    outcome.condition("ScalingActive", False, reason, message)
    raise CannotScale


def claimed_by_others(name: str, pods: Iterable[Object], selectors: dict[str, str]) -> list[str]:
    """Autoscalers of the namespace besides this one that select one of these pods; ``selectors``: name → text."""
    labels = [pod["metadata"].get("labels") or {} for pod in pods]
    return sorted(
        other for other, text in selectors.items() if other != name and any(map(parse_labels(text).matches, labels))
    )


def ambiguous(outcome: ScaleDecision, selector: str, names: list[str]) -> ScaleDecision:
    """More than one autoscaler would scale the same pods."""
    listed = " ".join(names)
    message = f"pods by selector {selector} are controlled by multiple HPAs: [{listed}]"
    outcome.warn("AmbiguousSelector", message)
    outcome.condition("ScalingActive", False, "AmbiguousSelector", message)
    return outcome
