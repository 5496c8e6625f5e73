"""x-kubernetes-validations of a definition: what rules say beside CEL, and whether they can be compiled."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from sampan.contracts.kinds import Object, Problem
from sampan_crds.validation.paths import BadPath, field_at
from sampan_machinery import problems
from sampan_machinery.structural.nodes import RULES

_REASONS = ("FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired")
_BREAKS = re.compile(r"[\n\r]")


def has_rules(schema: Object) -> bool:
    """Whether it has some, or a schema below it."""
    below = (*(schema.get("properties") or {}).values(), schema.get("items"), schema.get("additionalProperties"))
    return RULES in schema or any(has_rules(each) for each in below if isinstance(each, dict))


def check_costs(schema: Object, path: str, *, is_known: bool) -> Iterator[Problem]:
    """Rules that could cost too much. ``is_known``: the definition has that schema already, and keeps its rules."""
    if not has_rules(schema):
        return
    from sampan_machinery.expressions import limits  # CEL, for definitions that use it

    yield from limits.over_limits(schema, path, each=not is_known)


def check_rules(rules: Sequence[Any], schema: Object, path: str) -> Iterator[Problem]:
    """What needs no compiling."""
    for index, rule in enumerate(rules):
        at = f"{path}[{index}]"
        yield from _check_texts(rule, at)
        if rule.get("messageExpression") and not rule["messageExpression"].strip():
            yield problems.required(f"{at}.messageExpression", "messageExpression must be non-empty if specified")
        if rule.get("reason") is not None and rule["reason"] not in _REASONS:
            yield problems.unsupported(f"{at}.reason", rule["reason"], _REASONS)
        if field := rule.get("fieldPath"):
            yield from _check_field(field, schema, f"{at}.fieldPath")


def _check_texts(rule: Object, at: str) -> Iterator[Problem]:
    text, message = (rule.get("rule") or "").strip(), rule.get("message") or ""
    if not text:
        yield problems.required(f"{at}.rule", "rule is not specified")
    elif message and not message.strip():
        yield problems.invalid(f"{at}.message", message, "must be non-empty if specified")
    elif _BREAKS.search(message.strip()):
        yield problems.invalid(f"{at}.message", message, "must not contain line breaks")
    elif _BREAKS.search(text) and not message.strip():
        yield problems.required(f"{at}.message", "message must be specified if rule contains line breaks")


def _check_field(field: str, schema: Object, at: str) -> Iterator[Problem]:
    if not field.strip():
        yield problems.invalid(at, field, "must be non-empty if specified")
    if _BREAKS.search(field):
        yield problems.invalid(at, field, "must not contain line breaks")
    try:
        field_at(field, schema)
    except BadPath:
        yield problems.invalid(at, field, "must be a valid path")


def check_compiled(schema: Object, path: str, *, root: bool, uncorrelated: str) -> Iterator[Problem]:
    """Whether the rules of one schema, which is in order otherwise, are expressions that can be used there."""
    from sampan_machinery.expressions import rules  # CEL, for definitions that use it

    own = rules.types_at(schema, root=root)
    for index, rule in enumerate(schema[RULES]):
        at = f"{path}[{index}]"
        plain = {word: value for word, value in rule.items() if word != "optionalOldSelf"}
        try:
            compiled = rules.compile_rule(rule if rules.names_old_self(rule) else plain, own)
        except rules.RuleFault as fault:
            yield _invalid(f"{at}.{fault.field}", rule, str(fault))
            continue
        if compiled.transition and uncorrelated:
            detail = f"oldSelf cannot be used on the uncorrelatable portion of the schema within {uncorrelated}"
            yield problems.invalid(f"{at}.rule", rule["rule"], detail)
        elif not compiled.transition and "optionalOldSelf" in rule:
            detail = "may not be set if oldSelf is not used in rule"
            yield problems.invalid(f"{at}.optionalOldSelf", rule["optionalOldSelf"], detail)


def _invalid(path: str, rule: Object, detail: str) -> Problem:
    """The rule is shown as Go writes its struct down."""
    shown = {
        "Rule": rule.get("rule") or "", "Message": rule.get("message") or "",
        "MessageExpression": rule.get("messageExpression") or "", "Reason": rule.get("reason"),
        "FieldPath": rule.get("fieldPath") or "", "OptionalOldSelf": rule.get("optionalOldSelf"),
    }  # fmt: skip
    text = json.dumps(shown, ensure_ascii=False, separators=(",", ":"))
    for letter in "<>&":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return Problem(path, "FieldValueInvalid", f"Invalid value: {text}: {detail}")
