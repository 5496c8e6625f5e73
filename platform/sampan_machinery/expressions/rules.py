"""``x-kubernetes-validations``: rules in CEL at any place of a structural schema, compiled once and run on each write.

A rule sees ``self``, the value at its place, and ``oldSelf`` where it names it (a transition rule): such a rule runs
only on updates of a value that was there before, unless ``optionalOldSelf`` makes oldSelf an optional. Items of lists
with keys find their former selves by them; items of other lists have none. ``running`` runs them. Source: KEP-2876,
apiextensions.k8s.io/v1 ValidationRule.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from sampan_cel import CheckError, Environment, ParseError, Program, types
from sampan_machinery.expressions.declarations import declared, escaped
from sampan_machinery.expressions.libraries import KUBERNETES
from sampan_machinery.structural.nodes import LIST_KEYS, LIST_TYPE, RULES, Schema

_REASONS = ("FieldValueInvalid", "FieldValueForbidden", "FieldValueRequired", "FieldValueDuplicate")
_OLD = re.compile(r"\boldSelf\b")
_KUBERNETES = Environment({}, KUBERNETES)


class RuleFault(ValueError):
    """Why a rule cannot be used; ``field`` is the field of the rule that is at fault."""

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(message)


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

    __slots__ = ("fields", "items", "keys", "read", "rules", "type", "values")

    def __init__(self, schema: Schema, rules: list[Rule], read: Any) -> None:
        self.type: str = schema.get("type") or ""
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
            compile_rule(rule, types_at(schema, root=not path))
        except RuleFault as error:
            where = f"{error.field}: " if error.field == "messageExpression" else ""
            yield f"{path or 'the object'}: {RULES}[{number}]: {where}{error}"


def _place(schema: Schema, path: str, *, root: bool = False) -> Place:
    place = Place(schema, *_compiled(schema, root=root))
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


def _compiled(schema: Schema, *, root: bool) -> tuple[list[Rule], Any]:
    """The rules at one place, and what reads the value for them."""
    if not schema.get(RULES):
        return [], None
    own = types_at(schema, root=root)
    return [compile_rule(rule, own) for rule in schema[RULES]], own.read


class Types(NamedTuple):
    """What the rules at one place may name, without and with an optional oldSelf."""

    plain: Environment
    optional: Environment
    read: Any


def types_at(schema: Schema, *, root: bool) -> Types:
    """What the rules of this schema may name."""
    own, read = declared(schema, root=root)
    optional = {"self": own, "oldSelf": types.optional_of(own)}
    return Types(_KUBERNETES.extended({"self": own, "oldSelf": own}), _KUBERNETES.extended(optional), read)


def compile_rule(rule: Any, own: Types) -> Rule:
    """Raises RuleFault."""
    if not isinstance(rule, Mapping) or not str(rule.get("rule") or "").strip():
        raise RuleFault("rule", "rule is required")
    text = str(rule["rule"])
    optional = bool(rule.get("optionalOldSelf"))
    environment = own.optional if optional else own.plain
    try:
        program = environment.compile(text)
    except (ParseError, CheckError) as error:
        raise RuleFault("rule", f"compilation failed: {error}") from None
    if program.type != types.BOOL:
        raise RuleFault("rule", "cel expression must evaluate to a bool")
    shown = _message(str(rule.get("messageExpression") or ""), environment)
    reason = str(rule.get("reason") or "FieldValueInvalid")
    if reason not in _REASONS:
        raise RuleFault("reason", f"reason must be one of {', '.join(_REASONS)}, not {reason!r}")
    message = str(rule.get("message") or "")
    if "\n" in message.strip():
        raise RuleFault("message", "message must not contain line breaks")
    transition = names_old_self(rule)
    if optional and not transition:
        raise RuleFault("optionalOldSelf", "optionalOldSelf may only be used in a rule that uses oldSelf")
    path = str(rule.get("fieldPath") or "").strip()
    return Rule(program, text.strip(), message.strip(), shown, reason, path, transition, optional)


def names_old_self(rule: Mapping[str, Any]) -> bool:
    """Whether it is a transition rule."""
    return bool(_OLD.search(str(rule.get("rule") or "")))


def _message(text: str, environment: Environment) -> Program | None:
    if not text.strip():
        return None
    try:
        program = environment.compile(text)
    except (ParseError, CheckError) as error:
        raise RuleFault("messageExpression", f"messageExpression compilation failed: {error}") from None
    if program.type != types.STRING:
        raise RuleFault("messageExpression", "messageExpression must evaluate to a string")
    return program


__all__ = [
    "RULES",
    "Place",
    "Rule",
    "RuleFault",
    "Types",
    "compile_rule",
    "compiled",
    "complaints",
    "escaped",
    "names_old_self",
    "types_at",
]
