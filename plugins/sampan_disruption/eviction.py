"""Whether a budget lets a pod be evicted, and the budget as it is then. Pure.

Source: upstream's eviction subresource (pkg/registry/core/pod/storage/eviction.go).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sampan.contracts.kinds import Object
from sampan.errors import Cause, Forbidden, InternalError, TooManyRequests
from sampan_disruption.budgets import CONDITION, SYNC_FAILED, selects, set_allowed
from sampan_machinery.metadata import copy, get_condition, get_path, is_deleting, now_text
from sampan_podspec.states import ready_since

_REFUSED = "Cannot evict pod as it would violate the pod's disruption budget."
_SEVERAL = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
_MOST_DISRUPTED = 2000  # pods in a budget's disruptedPods
_AGAIN = 10  # seconds after which a client asks again while the controller is behind


class Permission(NamedTuple):
    """An eviction that is allowed."""

    budget: Object | None = None  # with one disruption less; None: no budget is used
    pinned: bool = False  # only while the pod is as it was judged: one that turns ready needs a disruption


def judge(pod: Object, budgets: Sequence[Object], now: float) -> Permission:
    """Raises TooManyRequests, Forbidden or InternalError. ``budgets``: those of the pod's namespace."""
    concerned = [budget for budget in budgets if selects(budget, pod)]
    phase = get_path(pod, "status", "phase")
    if not concerned or is_deleting(pod) or phase in ("Succeeded", "Failed"):
        return Permission()
    if phase == "Pending":
        return Permission(pinned=True)
    if len(concerned) > 1:
        raise InternalError(_SEVERAL)
    budget = concerned[0]
    if ready_since(pod) is None and _lets_unhealthy_go(budget):
        return Permission(pinned=True)
    return Permission(_taken(budget, pod["metadata"]["name"], now))


def _lets_unhealthy_go(budget: Object) -> bool:
    """An unhealthy pod uses no disruption where the policy says so, or where enough others are healthy."""
    if get_path(budget, "spec", "unhealthyPodEvictionPolicy") == "AlwaysAllow":
        return True
    status = budget.get("status") or {}
    desired = status.get("desiredHealthy") or 0
    return 0 < desired <= (status.get("currentHealthy") or 0)


def _taken(budget: Object, pod: str, now: float) -> Object:
    """The budget with one disruption less; raises what refuses it."""
    name, status = budget["metadata"]["name"], copy(budget.get("status") or {})
    if (status.get("observedGeneration") or 0) < (budget["metadata"].get("generation") or 0):
        raise too_many(f"The disruption budget {name} is still being processed by the server.", _AGAIN)
    allowed = status.get("disruptionsAllowed") or 0
    if allowed < 0:
        raise _forbidden(name, "pdb disruptions allowed is negative")
    if len(status.get("disruptedPods") or ()) > _MOST_DISRUPTED:
        raise _forbidden(name, "DisruptedPods map too big - too many evictions not confirmed by PDB controller")
    if allowed == 0:
        raise too_many(_why_none(name, status))
    status["disruptionsAllowed"] = allowed - 1
    if not status["disruptionsAllowed"]:
        set_allowed(status, now)
    # So that the controller does not count the pod as healthy before it sees that the pod is deleted.
    status["disruptedPods"] = {**(status.get("disruptedPods") or {}), pod: now_text(now)}
    return {**budget, "status": status}


def _why_none(name: str, status: Object) -> str:
    condition = get_condition(status, CONDITION) or {}
    said = condition.get("message") if condition.get("status") == "False" else ""
    if said and condition.get("reason") == SYNC_FAILED:
        return f"The disruption budget {name} does not allow evicting pods currently because it failed sync: {said}"
    healthy, desired = status.get("currentHealthy") or 0, status.get("desiredHealthy") or 0
    if healthy <= desired:
        return f"The disruption budget {name} needs {desired} healthy pods and has {healthy} currently"
    if said:
        return f"The disruption budget {name} does not allow evicting pods currently ({condition['reason']}): {said}"
    return f"The disruption budget {name} does not allow evicting pods currently"


def too_many(why: str, again: int = 0) -> TooManyRequests:
    return TooManyRequests(_REFUSED, causes=(Cause("DisruptionBudget", why),), retry_after=again)


def _forbidden(name: str, why: str) -> Forbidden:
    group, kind = "policy", "poddisruptionbudget"
    return Forbidden(f'{kind}.{group} "{name}" is forbidden: {why}', group=group, kind=kind, name=name)
