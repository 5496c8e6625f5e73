"""Merges an applied configuration into the live object, and removes fields that are no longer applied.

Knows plans, field sets and JSON; nothing of managers. Lists keep the live order; new elements are inserted where the
applied list has them. Source: structured-merge-diff typed/merge.go, merge/update.go (meaning).
"""

from __future__ import annotations

from typing import Any

from sampan_machinery.apply.fieldset import FieldSet, is_member
from sampan_machinery.apply.managed_fields import ANY, KEYED, MAP, SET, STRUCT, Plan, granular
from sampan_machinery.metadata import copy


def merge(live: Any, applied: Any, plan: Plan | None) -> Any:
    """``live`` with the values of ``applied``; shares no mutable parts with either. ``plan`` None: one value.

    A null that is applied takes a value away, but for a list or map of parts, which stay: it says nothing of them.
    """
    if plan is not None:
        if plan.kind in (STRUCT, MAP, ANY) and isinstance(live, dict) and isinstance(applied, dict):
            return _merge_maps(live, applied, plan)
        if plan.kind in (SET, KEYED) and isinstance(live, list) and isinstance(applied, list):
            return _merge_lists(live, applied, plan)
    return copy(applied)


def _merge_maps(live: dict[str, Any], applied: dict[str, Any], plan: Plan) -> dict[str, Any]:
    merged = {}
    for name, old in live.items():
        if name not in applied:
            merged[name] = copy(old)
            continue
        new, below = applied[name], granular(plan.below(name))
        parts = new is None and type(old) in (dict, list) and old and below is not None
        merged[name] = copy(old) if parts else merge(old, new, below)
    for name, new in applied.items():
        if name not in live:
            merged[name] = copy(new)
    return merged


def _merge_lists(live: list[Any], applied: list[Any], plan: Plan) -> list[Any]:
    """The applied order; an element that only ``live`` has stays after its predecessor there."""
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
    """``value`` without the fields in ``last`` (applied last time) that are not in ``owned`` (of any manager now)."""
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
    """A struct field stays while a manager has any part of it; an element or a map key only while a manager has it."""
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
