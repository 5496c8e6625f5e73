"""``x-kubernetes-validations``: rules in CEL at any place of a structural schema, compiled once and run on each write.

A rule sees ``self``, the value at its place, and ``oldSelf`` where it names it (a transition rule): such a rule runs
only on updates of a value that was there before, unless ``optionalOldSelf`` makes oldSelf an optional. Items of lists
with keys find their former selves by them; items of other lists have none. Source: KEP-2876, apiextensions.k8s.io/v1
ValidationRule.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from sampan.contracts.kinds import Problem
from sampan_cel import CelError, CostExceeded, Environment, Program, types
from sampan_cel.errors import CompileError
from sampan_cel.values import NONE, Optional
from sampan_machinery import problems
from sampan_machinery.expressions.declarations import declared, escaped
from sampan_machinery.expressions.libraries import KUBERNETES
from sampan_machinery.structural.nodes import LIST_KEYS, LIST_TYPE, RULES, Schema

#: What all rules of one write may cost, and one rule: cel-go's units. Source: apiserver's RuntimeCELCostBudget and
#: PerCallLimit.
BUDGET, EACH = 10_000_000, 1_000_000
LONGEST_MESSAGE = 2048
_REASONS = {
    "FieldValueInvalid": "FieldValueInvalid", "FieldValueForbidden": "FieldValueForbidden",
    "FieldValueRequired": "FieldValueRequired", "FieldValueDuplicate": "FieldValueDuplicate",
}  # fmt: skip
_OLD = re.compile(r"\boldSelf\b")
_ABSENT = object()


class Rule(NamedTuple):
    program: Program
    text: str
    message: str
    message_program: Program | None
    reason: str
    field_path: str
    transition: bool  # it names oldSelf
    optional_old: bool


class Place:
    """The rules at one place of a schema, and the places below that have some."""

    __slots__ = ("fields", "items", "keys", "read", "rules", "values")

    def __init__(self, schema: Schema, rules: list[Rule], read: Any) -> None:
        self.rules = rules
        self.read = read
        self.fields: dict[str, Place] = {}
        self.values: Place | None = None  # of a map
        self.items: Place | None = None  # of a list
        self.keys: tuple[str, ...] | None = (
            tuple(schema.get(LIST_KEYS) or ()) if schema.get(LIST_TYPE) == "map" else None
        )

    @property
    def is_empty(self) -> bool:
        return not (self.rules or self.fields or self.values or self.items)


def compiled(schema: Schema) -> Place | None:
    """The rules of a whole schema; None where it has none. Raises ValueError, worded for its author."""
    place = _place(schema, "", root=True)
    return None if place.is_empty else place


def complaints(schema: Schema, path: str = "") -> Iterator[str]:
    """What is wrong with the rules at one place, in sentences."""
    for number, rule in enumerate(schema.get(RULES) or ()):
        try:
            _rule(rule, schema, path, root=not path)
        except ValueError as error:
            yield f"{path or 'the object'}: {RULES}[{number}]: {error}"


def _place(schema: Schema, path: str, *, root: bool = False) -> Place:
    rules = [_rule(rule, schema, path, root=root) for rule in schema.get(RULES) or ()]
    place = Place(schema, rules, declared(schema, root=root)[1] if rules else None)
    for name, below in (schema.get("properties") or {}).items():
        found = _place(below, f"{path}.{name}" if path else name)
        if not found.is_empty:
            place.fields[name] = found
    for attribute in ("additionalProperties", "items"):
        below = schema.get(attribute)
        if isinstance(below, Mapping):
            found = _place(below, f"{path}[*]")
            if not found.is_empty:
                setattr(place, "items" if attribute == "items" else "values", found)
    return place


def _rule(rule: Any, schema: Schema, path: str, *, root: bool) -> Rule:
    """Raises ValueError."""
    if not isinstance(rule, Mapping) or not str(rule.get("rule") or "").strip():
        raise ValueError("rule is required")
    text = str(rule["rule"])
    own, _ = declared(schema, root=root)
    optional = bool(rule.get("optionalOldSelf"))
    environment = Environment({"self": own, "oldSelf": types.optional_of(own) if optional else own}, KUBERNETES)
    try:
        program = environment.compile(text, result=types.BOOL)
    except CompileError as error:
        raise ValueError(f"compilation failed: {error}") from None
    shown = None
    if rule.get("messageExpression"):
        try:
            shown = environment.compile(str(rule["messageExpression"]), result=types.STRING)
        except CompileError as error:
            raise ValueError(f"messageExpression: compilation failed: {error}") from None
    reason = str(rule.get("reason") or "FieldValueInvalid")
    if reason not in _REASONS:
        raise ValueError(f"reason must be one of {', '.join(_REASONS)}, not {reason!r}")
    message = str(rule.get("message") or "")
    if "\n" in message:
        raise ValueError("message must not contain line breaks")
    transition = bool(_OLD.search(text))
    if optional and not transition:
        raise ValueError("optionalOldSelf may only be used in a rule that uses oldSelf")
    return Rule(program, text, message, shown, reason, str(rule.get("fieldPath") or ""), transition, optional)


class Checked:
    """One write under way: what is left of its budget."""

    def __init__(self) -> None:
        self.left = BUDGET


def check(value: Any, old: Any, place: Place, path: str = "") -> Iterator[Problem]:
    """Everything that the rules say against a value; ``old`` is what was there, None for a create."""
    yield from _check(value, _ABSENT if old is None else old, place, path, Checked())


def _check(value: Any, old: Any, place: Place, path: str, spent: Checked) -> Iterator[Problem]:
    if value is None:
        return
    for rule in place.rules:
        yield from _run(rule, value, old, place, path, spent)
    if isinstance(value, dict):
        former = old if isinstance(old, dict) else {}
        for name, below in place.fields.items():
            if name in value:
                at = f"{path}.{name}" if path else name
                yield from _check(value[name], former.get(name, _ABSENT), below, at, spent)
        if place.values is not None:
            for name, each in value.items():
                yield from _check(each, former.get(name, _ABSENT), place.values, f"{path}[{name}]", spent)
    elif isinstance(value, list) and place.items is not None:
        known = _by_keys(old, place.keys) if place.keys and isinstance(old, list) else {}
        for index, each in enumerate(value):
            before = known.get(_key(each, place.keys), _ABSENT) if place.keys else _ABSENT
            yield from _check(each, before, place.items, f"{path}[{index}]", spent)


def _run(rule: Rule, value: Any, old: Any, place: Place, path: str, spent: Checked) -> Iterator[Problem]:
    if rule.transition and not rule.optional_old and old is _ABSENT:
        return
    read = place.read
    given: dict[str, Any] = {"self": value if read is None else read(value)}
    if rule.transition or rule.message_program is not None:
        former = old if old is _ABSENT or read is None else read(old)
        if rule.optional_old:
            given["oldSelf"] = NONE if former is _ABSENT else Optional(former)
        elif former is not _ABSENT:
            given["oldSelf"] = former
    try:
        fits, cost = rule.program.measure(given, budget=min(EACH, spent.left))
        spent.left -= cost
    except CostExceeded:
        spent.left = 0
        words = "validation failed due to running out of cost budget, no further validation rules will be run"
        yield problems.invalid(path, _shown(value), f"{words}: rule: {rule.text}")
        return
    except CelError as error:
        yield problems.invalid(path, _shown(value), f"{error}: evaluating rule: {rule.message or rule.text}")
        return
    if not fits:
        yield _refused(rule, given, value, path, spent)


def _refused(rule: Rule, given: dict[str, Any], value: Any, path: str, spent: Checked) -> Problem:
    message = rule.message or f"failed rule: {rule.text.strip()}"
    if rule.message_program is not None:
        try:
            found, cost = rule.message_program.measure(given, budget=min(EACH, spent.left))
            spent.left -= cost
            if isinstance(found, str) and found.strip() and len(found) <= LONGEST_MESSAGE and "\n" not in found.strip():
                message = found.strip()
        except (CelError, CostExceeded):
            pass  # the message of the rule stands
    at = path + rule.field_path if rule.field_path.startswith("[") else f"{path}{rule.field_path}".lstrip(".")
    if rule.reason == "FieldValueRequired":
        return problems.required(at, message)
    if rule.reason == "FieldValueForbidden":
        return problems.forbidden(at, message)
    if rule.reason == "FieldValueDuplicate":
        return problems.duplicate(at, _shown(value))
    return problems.invalid(at, _shown(value), message)


def _shown(value: Any) -> Any:
    """Objects and lists are named by their type, as upstream does."""
    return "object" if isinstance(value, dict) else "array" if isinstance(value, list) else value


def _key(item: Any, keys: tuple[str, ...] | None) -> Any:
    return tuple(repr(item.get(key)) for key in keys or ()) if isinstance(item, dict) else repr(item)


def _by_keys(items: list[Any], keys: tuple[str, ...]) -> dict[Any, Any]:
    return {_key(each, keys): each for each in items}


__all__ = ["RULES", "Place", "check", "compiled", "complaints", "escaped"]
