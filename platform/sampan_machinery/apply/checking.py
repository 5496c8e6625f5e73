"""Checks an applied configuration: known fields only, and no list with two elements of one key.

Source: structured-merge-diff typed/validate.go (meaning, and the messages that clients expect).
"""

from __future__ import annotations

from typing import Any

from sampan.errors import BadRequest
from sampan_machinery.apply.fieldset import path_text
from sampan_machinery.apply.managed_fields import ATOMIC, KEYED, MAP, SET, STRUCT, Plan, plan_of

MAX_SHOWN = 20


def check(config: dict[str, Any], plan: Plan, *, about: str) -> None:
    """Raises BadRequest: ``failed to create typed patch object (about): .spec.x: field not declared in schema``."""
    found: list[str] = []
    _check(config, plan, "", found)
    if not found:
        return
    if len(found) == 1:
        detail = found[0]
    else:
        detail = "errors:\n" + "\n".join(f"  {each}" for each in found[:MAX_SHOWN])
    raise BadRequest(f"failed to create typed patch object ({about}): {detail}")


def _check(value: Any, plan: Plan, path: str, found: list[str]) -> None:
    kind = plan.kind
    if wanted := _wanted(value, plan):
        found.append(f"{path}: expected {wanted}, got &{{{value}}}")
    elif kind == STRUCT and isinstance(value, dict):
        for name, each in value.items():
            if plan.knows(name):
                _check(each, _full(plan, name), f"{path}.{name}", found)
            else:
                found.append(f"{path}.{name}: field not declared in schema")
    elif kind == MAP and isinstance(value, dict) and plan.item is not None:
        for name, each in value.items():
            _check(each, plan.item, f"{path}.{name}", found)
    elif kind in (SET, KEYED) and isinstance(value, list):
        _check_list(value, plan, path, found)
    elif kind == ATOMIC and plan.node is not None and plan.node.shape in ("list", "struct", "map"):
        _check_atomic(value, plan, path, found)


_SHAPES: dict[str, tuple[type, str]] = {"struct": (dict, "map"), "map": (dict, "map"), "list": (list, "list")}
_TEXTS = frozenset({"string", "bytes", "time", "microtime"})
_NUMBERS = frozenset({"integer", "int32", "number"})


def _wanted(value: Any, plan: Plan) -> str:
    """What belongs where a value of another type is; "" where it is right. Quantities may be numbers or text."""
    node = plan.node
    if node is None or value is None:
        return ""
    if node.shape in _SHAPES:
        type_, word = _SHAPES[node.shape]
        return "" if isinstance(value, type_) else word
    if node.scalar in _TEXTS:
        return "" if isinstance(value, str) else "string"
    if node.scalar == "boolean":
        return "" if isinstance(value, bool) else "boolean"
    if node.scalar in _NUMBERS:
        numeric = isinstance(value, int | float) and not isinstance(value, bool)
        return "" if numeric else "numeric (int or float)"
    return ""


def _full(plan: Plan, name: str) -> Plan:
    """A field's plan, also for a leaf."""
    below = plan.node.field(name) if plan.node is not None else None
    return plan_of(below)


def _check_atomic(value: Any, plan: Plan, path: str, found: list[str]) -> None:
    node = plan.node
    if node is None:
        return
    if node.shape == "list" and isinstance(value, list):
        item = plan_of(node.item())
        for index, each in enumerate(value):
            _check(each, item, f"{path}[{index}]", found)
    elif node.shape == "map" and isinstance(value, dict):
        item = plan_of(node.item())
        for name, each in value.items():
            _check(each, item, f"{path}.{name}", found)
    elif node.shape == "struct" and isinstance(value, dict):
        for name, each in value.items():
            below = node.field(name)
            if below is None:
                found.append(f"{path}.{name}: field not declared in schema")
            else:
                _check(each, plan_of(below), f"{path}.{name}", found)


def _check_list(value: list[Any], plan: Plan, path: str, found: list[str]) -> None:
    seen: set[str] = set()
    for index, each in enumerate(value):
        label = plan.label(each, index)
        if label[:2] == "i:":
            found.append(f"{path}: element {index}: {_unkeyed(each, plan)}")
            continue
        if label in seen:
            found.append(f"{path}: duplicate entries for key {path_text((label,))}")
        seen.add(label)
        if plan.item is not None:
            _check(each, plan.item, f"{path}{path_text((label,))}", found)


def _unkeyed(element: Any, plan: Plan) -> str:
    if plan.kind == SET:
        return "associative list without keys has an element that is no scalar"
    if not isinstance(element, dict):
        return "associative list with keys may not have non-map elements"
    keys = " ".join(f'"{key}"' for key in plan.keys)
    return (
        f"associative list with keys has an element that omits all key fields [{keys}] "
        "(and doesn't have default values for any key fields)"
    )
