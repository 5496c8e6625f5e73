"""The rule EvictionBudget: an eviction takes a disruption from the pod's budget, atomically, or is refused.

pods/eviction belongs to another plugin. Admission is where this one has its say: the budget is written before the
eviction is served (``Review.also_update``).
"""

from __future__ import annotations

from sampan.contracts.admission import Review
from sampan.contracts.kinds import Object
from sampan_disruption.eviction import judge
from sampan_machinery.metadata import get_path
from sampan_machinery.resources import POD_DISRUPTION_BUDGETS, PODS


class EvictionBudget:
    name = "EvictionBudget"
    operations = frozenset({"CREATE"})
    resources = frozenset({PODS.group_resource})
    subresources = frozenset({"eviction"})
    mutates = True  # it may add a precondition
    priority = 950

    def admit(self, review: Review) -> None:
        eviction = review.object or {}
        pod = review.reader.get(PODS, review.name, review.namespace)
        if pod is None or not _is_meant(eviction, pod):
            return  # refused where it is served
        budgets = review.reader.list(POD_DISRUPTION_BUDGETS, review.namespace)
        permission = judge(pod, budgets, review.clock())
        if permission.budget is not None and not _is_dry(review, eviction):
            review.also_update.append(permission.budget)
        if permission.pinned:
            options = eviction.setdefault("deleteOptions", {})
            preconditions = options.setdefault("preconditions", {})
            preconditions.setdefault("resourceVersion", pod["metadata"]["resourceVersion"])


def _is_meant(eviction: Object, pod: Object) -> bool:
    """Whether the eviction's name and preconditions are those of the pod."""
    meta = pod["metadata"]
    named = get_path(eviction, "metadata", "name") or meta["name"]
    wanted = get_path(eviction, "deleteOptions", "preconditions", default={})
    same = all(not wanted.get(key) or wanted[key] == meta.get(key) for key in ("uid", "resourceVersion"))
    return bool(named == meta["name"] and same)


def _is_dry(review: Review, eviction: Object) -> bool:
    return review.dry_run or bool(get_path(eviction, "deleteOptions", "dryRun"))
