"""Runs the rules of a schema (``rules``) on a value and what it was before.

A rule that fails on a value that did not change is let pass, unless it names oldSelf (ratcheting, KEP-4008). The words
are upstream's. Source: apiextensions-apiserver, pkg/apiserver/schema/cel/validation.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sampan.contracts.kinds import Problem
from sampan_cel import CelError, CostExceeded
from sampan_cel.values import NONE, Optional
from sampan_machinery import problems
from sampan_machinery.expressions.rules import Place, Rule
from sampan_machinery.structural.checking import is_same

#: What all rules of one write may cost, and one rule: cel-go's units. Source: apiserver's RuntimeCELCostBudget and
#: PerCallLimit.
BUDGET, EACH = 10_000_000, 1_000_000
LONGEST_MESSAGE = 5 * 1024
ROOT = "<nil>"  # how Go prints the path of the object itself
_ABSENT = object()
_SPENT = "validation failed due to running out of cost budget, no further validation rules will be run"
_ENDED = "no further validation rules will be run due to call cost exceeds limit for"

#: The nearest place above that has a former self: its value, and what that was.
Nearest = tuple[Any, Any] | None


class OutOfBudget(Exception):
    """Nothing more is run."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem


class Run:
    """One write under way: what is left of its budget."""

    def __init__(self) -> None:
        self.left = BUDGET

    def take(self, cost: int) -> None:
        self.left -= cost


def check(value: Any, old: Any, place: Place, path: str = "") -> Iterator[Problem]:
    """Everything that the rules say against a value; ``old`` is what was there, None for a create."""
    try:
        yield from _check(value, _ABSENT if old is None else old, place, path, None, Run())
    except OutOfBudget as error:
        yield error.problem


def _check(value: Any, old: Any, place: Place, path: str, nearest: Nearest, run: Run) -> Iterator[Problem]:
    if value is None:
        return
    for rule in place.rules:
        yield from _judge(rule, value, old, place, path, nearest, run)
    below = nearest if old is _ABSENT else (value, old)
    if isinstance(value, dict):
        former = old if isinstance(old, dict) else {}
        for name, found in place.fields.items():
            if name in value:
                at = f"{path}.{name}" if path else name
                yield from _check(value[name], former.get(name, _ABSENT), found, at, below, run)
        if place.values is not None:
            for name, each in value.items():
                yield from _check(each, former.get(name, _ABSENT), place.values, f"{path}[{name}]", below, run)
    elif isinstance(value, list) and place.items is not None:
        known = _by_keys(old, place.keys) if place.keys and isinstance(old, list) else {}
        for index, each in enumerate(value):
            before = known.get(_key(each, place.keys), _ABSENT) if place.keys else _ABSENT
            yield from _check(each, before, place.items, f"{path}[{index}]", below, run)


def _judge(rule: Rule, value: Any, old: Any, place: Place, path: str, nearest: Nearest, run: Run) -> Iterator[Problem]:
    there = old is not _ABSENT and old is not None
    if rule.transition and not rule.optional_old and not there:
        return
    given = _given(rule, value, old if there else _ABSENT, place)
    at = path or ROOT
    if run.left <= 0:
        raise OutOfBudget(problems.invalid(at, place.type, _SPENT))
    try:
        fits, cost = rule.program.measure(given, budget=min(EACH, run.left))
        run.take(cost)
    except CostExceeded:
        raise OutOfBudget(problems.invalid(at, place.type, _overspent(rule, run))) from None
    except CelError as error:
        yield problems.invalid(at, place.type, _failed(rule, str(error)))
        return
    if fits:
        return
    found = _refusal(rule, given, value, place, path, run)
    if rule.transition or not _is_unchanged(value, old if there else _ABSENT, nearest):
        yield found


def _given(rule: Rule, value: Any, old: Any, place: Place) -> dict[str, Any]:
    read = place.read
    given: dict[str, Any] = {"self": value if read is None else read(value)}
    if rule.transition or rule.message_program is not None:
        former = old if old is _ABSENT or read is None else read(old)
        if rule.optional_old:
            given["oldSelf"] = NONE if former is _ABSENT else Optional(former)
        elif former is not _ABSENT:
            given["oldSelf"] = former
    return given


def _overspent(rule: Rule, run: Run) -> str:
    if run.left < EACH:
        return _SPENT
    return f"'operation cancelled: actual cost limit exceeded': {_ENDED} rule: {rule.message or rule.text}"


def _failed(rule: Rule, why: str) -> str:
    shown = rule.message or rule.text
    if why.startswith("no such overload"):
        words = "call arguments did not match a supported operator, function or macro signature for rule"
        return f"'{why}': {words}: {shown}"
    return f"{why} evaluating rule: {shown}"


def _is_unchanged(value: Any, old: Any, nearest: Nearest) -> bool:
    if old is not _ABSENT:
        return is_same(value, old)
    return nearest is not None and is_same(*nearest)


def _refusal(rule: Rule, given: dict[str, Any], value: Any, place: Place, path: str, run: Run) -> Problem:
    detail = _computed(rule, given, place, path, run) or rule.message or f"failed rule: {rule.text}"
    at = _at(path, rule.field_path) or ROOT
    if rule.reason == "FieldValueRequired":
        return problems.required(at, detail)
    if rule.reason == "FieldValueForbidden":
        return problems.forbidden(at, detail)
    is_shown = place.type not in ("object", "array")
    if rule.reason == "FieldValueDuplicate":
        return problems.duplicate(at, value) if is_shown else Problem(at, rule.reason, "Duplicate value")
    return problems.invalid(at, value, detail) if is_shown else Problem(at, rule.reason, f"Invalid value: {detail}")


def _at(path: str, field_path: str) -> str:
    return path + field_path if field_path.startswith("[") else f"{path}{field_path}".lstrip(".")


def _computed(rule: Rule, given: dict[str, Any], place: Place, path: str, run: Run) -> str:
    """What the message expression says; "" where it fails or says nothing that can be shown."""
    if rule.message_program is None:
        return ""
    try:
        found, cost = rule.message_program.measure(given, budget=min(EACH, run.left))
    except CelError:
        return ""
    except CostExceeded:
        words = "messageExpression evaluation failed due to running out of cost budget"
        if run.left >= EACH:
            words = f'no further validation rules will be run due to call cost exceeds limit for messageExpression: "{rule.message_program.text}"'  # noqa: E501
        else:
            words += ", no further validation rules will be run"
        raise OutOfBudget(problems.invalid(path or ROOT, place.type, words)) from None
    run.take(cost)
    text = found.strip() if isinstance(found, str) else ""
    return "" if "\n" in text or len(text.encode()) > LONGEST_MESSAGE else text


def _key(item: Any, keys: tuple[str, ...] | None) -> Any:
    return tuple(repr(item.get(key)) for key in keys or ()) if isinstance(item, dict) else repr(item)


def _by_keys(items: list[Any], keys: tuple[str, ...]) -> dict[Any, Any]:
    return {_key(each, keys): each for each in items}
