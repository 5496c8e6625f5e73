"""A budget's arithmetic and status: how many healthy pods it wants, how many there are, how many may go. Pure.

Source: the behaviour of upstream's disruption controller.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sampan.contracts.kinds import Object
from sampan.contracts.reconciling import Action, Emit, Requeue, Update
from sampan_machinery.metadata import (
    copy,
    get_condition,
    get_path,
    is_deleting,
    now_text,
    parse_time,
    resolve_int_or_percent,
)
from sampan_machinery.resources import POD_DISRUPTION_BUDGETS as BUDGETS
from sampan_machinery.selectors import from_object
from sampan_podspec.states import ready_since

DELETION_TIMEOUT = 120.0  # seconds in which an evicted pod is expected to be deleted
CONDITION = "DisruptionAllowed"
SYNC_FAILED = "SyncFailed"
_RETRY = 30.0  # seconds until a budget whose pods have no known scale is looked at again


class Scale(NamedTuple):
    """What the owners of a budget's pods want together."""

    replicas: int
    unmanaged: bool = False  # whether a pod has no controller


def needs_scale(budget: Object) -> bool:
    """Whether the number of expected pods is the scale of their owners; else it is the number of pods there are."""
    spec = budget.get("spec") or {}
    return spec.get("maxUnavailable") is not None or isinstance(spec.get("minAvailable"), str)


def decide(budget: Object, pods: Sequence[Object], scale: Scale, now: float) -> list[Action]:
    """``pods``: those that the budget selects. ``scale`` counts only where ``needs_scale``."""
    actions: list[Action] = []
    if not pods:
        actions.append(Emit(budget, "Normal", "NoPods", "No matching pods found"))
    if scale.unmanaged:
        actions.append(Emit(budget, "Warning", "UnmanagedPods", _unmanaged(budget)))
    expected, desired = expectation(budget, len(pods), scale.replicas)
    disrupted, late, wait = disrupted_pods(budget, pods, now)
    for pod in late:
        where = f"{budget['metadata']['namespace']}/{budget['metadata']['name']}"
        text = f"Pod was expected by PDB {where} to be deleted but it wasn't"
        actions.append(Emit(pod, "Warning", "NotDeleted", text))
    healthy = sum(_counts(pod, disrupted) for pod in pods)
    status = {
        "currentHealthy": healthy,
        "desiredHealthy": desired,
        "expectedPods": expected,
        # Without expected pods nothing may go: the first pods of a budget can come before this status knows of them.
        "disruptionsAllowed": max(0, healthy - desired) if expected > 0 else 0,
        "observedGeneration": budget["metadata"].get("generation", 0),
        "conditions": copy(get_path(budget, "status", "conditions", default=[])),
    }
    if disrupted:
        status["disruptedPods"] = disrupted
    set_allowed(status, now)
    actions += _write(budget, status)
    return actions if wait is None else [*actions, Requeue(wait)]


def failed(budget: Object, why: str, now: float) -> list[Action]:
    """The pods' scale is not known: nothing may be evicted."""
    status: Object = {**copy(budget.get("status") or {}), "disruptionsAllowed": 0}
    _set_condition(status, "False", SYNC_FAILED, now, why)
    text = f"Failed to calculate the number of expected pods: {why}"
    event = Emit(budget, "Warning", "CalculateExpectedPodCountFailed", text)
    return [event, *_write(budget, status), Requeue(_RETRY)]


def expectation(budget: Object, pods: int, scale: int) -> tuple[int, int]:
    """Expected pods, and how many of them have to be healthy. Percentages round up."""
    spec = budget.get("spec") or {}
    if spec.get("maxUnavailable") is not None:
        return scale, max(0, scale - resolve_int_or_percent(spec["maxUnavailable"], scale, round_up=True))
    minimum = spec.get("minAvailable")
    if isinstance(minimum, str):
        return scale, resolve_int_or_percent(minimum, scale, round_up=True)
    return (0, 0) if minimum is None else (pods, minimum)


def disrupted_pods(
    budget: Object, pods: Sequence[Object], now: float
) -> tuple[dict[str, str], list[Object], float | None]:
    """Evicted pods that are still expected to be deleted, with the time of their eviction; pods that should have been
    deleted by now; seconds until the next of the first will be one of the second."""
    known: dict[str, str] = get_path(budget, "status", "disruptedPods", default={})
    kept: dict[str, str] = {}
    late: list[Object] = []
    waits: list[float] = []
    for pod in pods:
        name = pod["metadata"]["name"]
        if is_deleting(pod) or name not in known:
            continue
        left = parse_time(known[name]) + DELETION_TIMEOUT - now
        if left < 0:
            late.append(pod)
        else:
            kept[name] = known[name]
            waits.append(max(left, 1.0))
    return kept, late, min(waits, default=None)


def set_allowed(status: Object, now: float) -> None:
    """Set the condition DisruptionAllowed from the number of allowed disruptions."""
    if status["disruptionsAllowed"] > 0:
        _set_condition(status, "True", "SufficientPods", now)
    else:
        _set_condition(status, "False", "InsufficientPods", now)


def selects(budget: Object, pod: Object) -> bool:
    """An empty selector selects all pods of the namespace, an absent one none."""
    return from_object(get_path(budget, "spec", "selector")).matches(pod["metadata"].get("labels"))


def _counts(pod: Object, disrupted: dict[str, str]) -> bool:
    return ready_since(pod) is not None and not is_deleting(pod) and pod["metadata"]["name"] not in disrupted


def _set_condition(status: Object, value: str, reason: str, now: float, message: str = "") -> None:
    """A meta/v1 Condition, whose message is always there."""
    old = get_condition(status, CONDITION) or {}
    moved = now_text(now) if old.get("status") != value else old.get("lastTransitionTime") or now_text(now)
    fresh = {
        "type": CONDITION, "status": value, "reason": reason, "message": message, "lastTransitionTime": moved,
        "observedGeneration": status.get("observedGeneration", 0),
    }  # fmt: skip
    conditions = status.get("conditions") or []
    if old:
        status["conditions"] = [fresh if each is old else each for each in conditions]
    else:
        status["conditions"] = [*conditions, fresh]


def _unmanaged(budget: Object) -> str:
    selector = from_object(get_path(budget, "spec", "selector"))
    return (
        f"Pods selected by this PodDisruptionBudget (selector: {selector}) were found to be unmanaged. As a result, "
        "the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for "
        'these pods please set ".spec.minAvailable" field of the PDB to an integer value.'
    )


def _write(budget: Object, status: Object) -> Iterator[Action]:
    if status != (budget.get("status") or {}):
        yield Update(BUDGETS, {**budget, "status": status}, "status")
