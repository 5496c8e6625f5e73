"""The new status of a quota, from what there is in its namespace. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sampan.contracts.kinds import Object
from sampan_machinery import quantities
from sampan_quota.charging import is_within
from sampan_quota.resourcequota import ATTRIBUTES_CLASS, BEST_EFFORT, TERMINATING
from sampan_quota.scopes import requirements_of
from sampan_quota.usage import Evaluator, Usage, add, evaluator_of, whole

_CHANGING = (TERMINATING, BEST_EFFORT, ATTRIBUTES_CLASS)


def hard_of(quota: Object) -> Mapping[str, str]:
    """The limits that its spec says."""
    return (quota.get("spec") or {}).get("hard") or {}


def kinds_of(quota: Object, known: Iterable[str]) -> list[str]:
    """Those of the ``known`` kinds (``pods``, ``deployments.apps`` …) that a quota's limits count."""
    return kinds_counted(hard_of(quota), known)


def kinds_counted(names: Iterable[str], known: Iterable[str]) -> list[str]:
    """The same for the names of limits, of any number of quotas."""
    limits = tuple(names)
    return [name for name in known if any(map(evaluator_of(name).counts, limits))]


def needs_objects(quota: Object, name: str) -> bool:
    """Whether it matters what the objects of that kind say, not only how many there are."""
    return not evaluator_of(name).counts_only and _counts_more_than_objects(quota, name)


def _counts_more_than_objects(quota: Object, name: str) -> bool:
    hard = hard_of(quota)
    others = any(each != f"count/{name}" and evaluator_of(name).counts(each) for each in hard)
    return others or any(requirements_of(quota))


def usage_of_objects(quota: Object, name: str, objects: Iterable[Object], now: float) -> Usage:
    """What these objects of one kind use of the quota."""
    evaluator, total = evaluator_of(name), Usage()
    for obj in objects:
        if is_within(quota, evaluator, obj):
            total = add(total, evaluator.usage(obj, now))
    return _zeros(quota, evaluator) | total


def usage_of_number(quota: Object, name: str, number: int) -> Usage:
    """The same where only the number of objects matters."""
    evaluator = evaluator_of(name)
    if any(requirements_of(quota)):
        number = 0  # a kind without scopes is in none
    return {each: whole(number) for each in _zeros(quota, evaluator)}


def scope_facts(name: str, obj: Object) -> list[bool]:
    """What decides in which scopes an object is and can change while it lives."""
    evaluator = evaluator_of(name)
    return [evaluator.in_scope({"scopeName": scope, "operator": "Exists"}, obj) for scope in _CHANGING]


def _zeros(quota: Object, evaluator: Evaluator) -> Usage:
    hard = hard_of(quota)
    return {name: whole(0) for name in hard if evaluator.counts(name)}


def new_status(quota: Object, counted: Mapping[str, Usage]) -> Object | None:
    """The status with what was counted of each kind; None where nothing is different. What no kind counts keeps the use
    that it had."""
    hard = {name: quantities.canonical(amount) for name, amount in hard_of(quota).items()}
    status = quota.get("status") or {}
    total: Usage = {}
    for usage in counted.values():
        total = add(total, usage)
    used = {**(status.get("used") or {}), **{name: str(amount) for name, amount in total.items()}}
    used = {name: amount for name, amount in used.items() if name in hard}
    if "hard" in status and "used" in status and _equal(hard, status["hard"]) and _equal(used, status["used"]):
        return None
    return {"hard": hard, "used": used}


def is_new(quota: Object) -> bool:
    """Whether the limits are not those of its status yet."""
    status = quota.get("status") or {}
    return "hard" not in status or not _equal(hard_of(quota), status["hard"])


def _equal(left: Mapping[str, str] | None, right: Mapping[str, str] | None) -> bool:
    left, right = left or {}, right or {}
    return left.keys() == right.keys() and all(quantities.compare(left[name], right[name]) == 0 for name in left)
