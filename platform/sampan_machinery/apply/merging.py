"""Merging what is applied into what is there, and taking away what is applied no more.

Knows plans, field sets and JSON shapes; nothing of managers. Lists keep the live order and take new elements where the
applied list has them. Source: structured-merge-diff typed/merge.go, merge/update.go (meaning).
"""

from __future__ import annotations

from typing import Any

from sampan_machinery.apply.fieldset import FieldSet, is_member
from sampan_machinery.apply.managed_fields import ANY, KEYED, MAP, SET, STRUCT, Plan
from sampan_machinery.metadata import copy


def merge(live: Any, applied: Any, plan: Plan | None) -> Any:
    """``applied`` laid over ``live``; shares no parts with either that can change. ``plan`` None: one value."""
    if plan is not None:
        if plan.kind in (STRUCT, MAP, ANY) and isinstance(live, dict) and isinstance(applied, dict):
            return _merge_maps(live, applied, plan)
        if plan.kind in (SET, KEYED) and isinstance(live, list) and isinstance(applied, list):
            return _merge_lists(live, applied, plan)
    return copy(applied)


def _merge_maps(live: dict[str, Any], applied: dict[str, Any], plan: Plan) -> dict[str, Any]:
    merged = {}
    for name, old in live.items():
        new = applied.get(name)
        merged[name] = copy(old) if new is None else merge(old, new, plan.below(name))
    for name, new in applied.items():
        if name not in live and new is not None:
            merged[name] = copy(new)
    return merged


def _merge_lists(live: list[Any], applied: list[Any], plan: Plan) -> list[Any]:
    """The applied order, with each element only live has after the one it followed there."""
    olds: dict[str, Any] = {}
    for index, each in enumerate(live):
        olds.setdefault(plan.label(each, index), each)
    news = {plan.label(each, index): each for index, each in enumerate(applied)}
    merged: list[Any] = []
    waiting = iter(news.items())
    shared = [label for label in news if label in olds]
    position = 0
    for index, old in enumerate(live):
        label = plan.label(old, index)
        if label not in news:
            merged.append(copy(old))
        elif position < len(shared) and label == shared[position]:
            position += 1
            for name, new in waiting:
                merged.append(_element(olds.get(name), new, plan))
                if name == label:
                    break
    merged.extend(_element(olds.get(name), new, plan) for name, new in waiting)
    return merged


def _element(old: Any, new: Any, plan: Plan) -> Any:
    return copy(new) if old is None else merge(old, new, plan.item)


_GONE = object()


def prune(value: dict[str, Any], plan: Plan, last: FieldSet, owned: FieldSet) -> dict[str, Any]:
    """``value`` without what stands in ``last`` (applied last time) and not in ``owned`` (anyone's, now)."""
    pruned = _prune(value, plan, last, owned)
    return pruned if isinstance(pruned, dict) else {}


def _prune(value: Any, plan: Plan, last: FieldSet, owned: FieldSet) -> Any:
    if isinstance(value, dict) and plan.kind in (STRUCT, MAP, ANY):
        kept: Any = {}
        for name, each in value.items():
            rest = _prune_one(each, f"f:{name}", plan, plan.below(name), last, owned)
            if rest is not _GONE:
                kept[name] = rest
        return kept if kept or not value else _GONE
    if isinstance(value, list) and plan.kind in (SET, KEYED):
        rests = (
            _prune_one(each, plan.label(each, index), plan, plan.item, last, owned) for index, each in enumerate(value)
        )
        kept = [rest for rest in rests if rest is not _GONE]
        return kept if kept or not value else _GONE
    return value


def _prune_one(value: Any, label: str, plan: Plan, below: Plan | None, last: FieldSet, owned: FieldSet) -> Any:
    """A named field stays while anyone owns any part of it; an element or a free key only while someone owns itself."""
    before = last.get(label)
    if before is None:
        return value
    now = owned.get(label)
    if plan.kind == STRUCT:
        if now is None:
            return _GONE
    elif is_member(before) and (now is None or not is_member(now)):
        return _GONE
    if below is None or not before:
        return value
    return _prune(value, below, before, now or {})
