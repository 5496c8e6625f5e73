"""Validation of podFailurePolicy and successPolicy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from sampan.contracts.kinds import Object, Problem
from sampan_batch.indexes import checked
from sampan_machinery import names
from sampan_machinery.problems import duplicate, invalid, required, shown, too_long, too_many, unsupported
from sampan_machinery.validation import by_rule, validate_non_negative

_MOST_RULES = 20
_MOST_CODES = 255
_MOST_PATTERNS = 20
_LONGEST_INDEXES = 64 * 1024
_ACTIONS = ("Count", "FailIndex", "FailJob", "Ignore")
_OPERATORS = ("In", "NotIn")
_STATUSES = ("False", "True", "Unknown")


def _valid(values: Sequence[str]) -> str:
    return f"valid values: [{' '.join(map(shown, values))}]"


def bare(path: str, detail: str) -> Problem:
    """Invalid without the value, for what is wrong with several fields at once."""
    return Problem(path, "FieldValueInvalid", f"Invalid value: {detail}")


def validate_failure_policy(spec: Object, path: str) -> Iterator[Problem]:
    rules = spec["podFailurePolicy"].get("rules") or []
    if len(rules) > _MOST_RULES:
        yield too_many(f"{path}.rules", len(rules), _MOST_RULES)
    pod = (spec.get("template") or {}).get("spec") or {}
    containers = {each.get("name") for where in ("containers", "initContainers") for each in pod.get(where) or ()}
    for index, rule in enumerate(rules):
        yield from _validate_rule(spec, rule, f"{path}.rules[{index}]", containers)


def _validate_rule(spec: Object, rule: Object, path: str, containers: set[str]) -> Iterator[Problem]:
    action = rule.get("action")
    if not action:
        yield required(f"{path}.action", _valid(_ACTIONS))
    elif action == "FailIndex":
        if spec.get("backoffLimitPerIndex") is None:
            yield invalid(f"{path}.action", action, "requires the backoffLimitPerIndex to be set")
    elif action not in _ACTIONS:
        yield unsupported(f"{path}.action", action, _ACTIONS)
    codes, conditions = rule.get("onExitCodes"), rule.get("onPodConditions") or []
    if codes is not None:
        yield from _validate_codes(codes, f"{path}.onExitCodes", containers)
    if conditions:
        yield from _validate_conditions(conditions, f"{path}.onPodConditions")
    if codes is not None and conditions:
        yield bare(path, "specifying both OnExitCodes and OnPodConditions is not supported")
    if codes is None and not conditions:
        yield bare(path, "specifying one of OnExitCodes and OnPodConditions is required")


def _validate_conditions(patterns: Sequence[Object], path: str) -> Iterator[Problem]:
    if len(patterns) > _MOST_PATTERNS:
        yield too_many(path, len(patterns), _MOST_PATTERNS)
    for index, pattern in enumerate(patterns):
        yield from by_rule(f"{path}[{index}].type", pattern.get("type") or "", names.label_key)
        status = pattern.get("status")
        if not status:
            yield required(f"{path}[{index}].status", _valid(_STATUSES))
        elif status not in _STATUSES:
            yield unsupported(f"{path}[{index}].status", status, _STATUSES)


def _validate_codes(codes: Object, path: str, containers: set[str]) -> Iterator[Problem]:
    operator, name = codes.get("operator"), codes.get("containerName")
    if not operator:
        yield required(f"{path}.operator", _valid(_OPERATORS))
    elif operator not in _OPERATORS:
        yield unsupported(f"{path}.operator", operator, _OPERATORS)
    if name is not None and name not in containers:
        detail = "must be one of the container or initContainer names in the pod template"
        yield invalid(f"{path}.containerName", name, detail)
    values = codes.get("values") or []
    if not values:
        yield invalid(f"{path}.values", codes.get("values"), "at least one value is required")
    elif len(values) > _MOST_CODES:
        yield too_many(f"{path}.values", len(values), _MOST_CODES)
    seen: set[int] = set()
    for index, value in enumerate(values):
        if operator == "In" and value == 0:
            yield invalid(f"{path}.values[{index}]", value, "must not be 0 for the In operator")
        if value in seen:
            yield duplicate(f"{path}.values[{index}]", value)
        seen.add(value)
    if any(first > second for first, second in pairwise(values)):
        yield invalid(f"{path}.values", values, "must be ordered")


def validate_success_policy(spec: Object, path: str) -> Iterator[Problem]:
    rules = spec["successPolicy"].get("rules") or []
    if not rules:
        yield required(f"{path}.rules", "at least one rules must be specified when the successPolicy is specified")
    if len(rules) > _MOST_RULES:
        yield too_many(f"{path}.rules", len(rules), _MOST_RULES)
    for index, rule in enumerate(rules):
        yield from _validate_success_rule(rule, f"{path}.rules[{index}]", spec.get("completions") or 0)


def _validate_success_rule(rule: Object, path: str, completions: int) -> Iterator[Problem]:
    count, indexes = rule.get("succeededCount"), rule.get("succeededIndexes")
    if count is None and indexes is None:
        yield required(path, "at least one of succeededCount or succeededIndexes must be specified")
    total = 0
    if indexes is not None:
        if len(indexes) > _LONGEST_INDEXES:
            yield too_long(f"{path}.succeededIndexes", _LONGEST_INDEXES)
        try:
            total = sum(last - first + 1 for first, last in checked(indexes, completions))
        except ValueError as error:
            yield invalid(f"{path}.succeededIndexes", indexes, f"error parsing succeededIndexes: {error}")
    if count is None:
        return
    where = f"{path}.succeededCount"
    yield from validate_non_negative(where, count)
    if count > completions:
        detail = f"must be less than or equal to {completions} (the number of specified completions)"
        yield invalid(where, count, detail)
    if indexes is not None and count > total:
        words = "the number of indexes in the specified succeededIndexes field"
        yield invalid(where, count, f"must be less than or equal to {total} ({words})")
