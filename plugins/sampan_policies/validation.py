"""Validation of the four kinds, with upstream's messages. Source: pkg/apis/admissionregistration/validation.

Expressions are compiled as they are when a policy is evaluated; on an update, match conditions are left alone while
nothing of the policy that they depend on has changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sampan.contracts.kinds import Object, Problem
from sampan_cel import Environment
from sampan_cel.lexer import RESERVED
from sampan_cel.types import DYN, STRING, Type
from sampan_machinery import names, problems, validation
from sampan_machinery.conditions import validate_conditions
from sampan_policies.expressions import (
    ANYTHING,
    TEXT,
    TEXT_OR_NULL,
    TRUTH,
    Miscompiled,
    compiled,
    environment,
    with_variables,
)
from sampan_policies.rules import match_resources

MOST_CONDITIONS, MOST_ANNOTATIONS, LONGEST_VALUE = 64, 20, 5 * 1024
REASONS = ("Forbidden", "Invalid", "RequestEntityTooLarge")
_IDENTIFIER = re.compile(r"[_a-zA-Z][_a-zA-Z0-9]*", re.ASCII)
_KEYWORDS = RESERVED | {"true", "false", "null", "in"}


def validate_validating(new: Object, old: Object | None) -> Iterator[Problem]:
    """A ValidatingAdmissionPolicy."""
    spec = new.get("spec") or {}
    checked = Expressions(spec)
    yield from _common(spec, old, checked)
    validations, annotations = spec.get("validations") or (), spec.get("auditAnnotations") or ()
    if not validations and not annotations:
        words = "validations or auditAnnotations must contain at least one item"
        yield problems.required("spec.validations", words)
        yield problems.required("spec.auditAnnotations", words)
        return
    for index, each in enumerate(validations):
        yield from _validation(each, checked, f"spec.validations[{index}]")
    if len(annotations) > MOST_ANNOTATIONS:
        detail = f"must not have more than {MOST_ANNOTATIONS} auditAnnotations"
        yield problems.invalid("spec.auditAnnotations", annotations, detail)
    seen: set[str] = set()
    for index, each in enumerate(annotations):
        path, key = f"spec.auditAnnotations[{index}]", str(each.get("key") or "")
        yield from _annotation(each, checked, path, str(new["metadata"].get("name") or ""))
        if key in seen:
            yield problems.duplicate(f"{path}.key", key)
        seen.add(key)


def validate_status(new: Object, old: Object | None) -> Iterator[Problem]:
    """The status: what it says of type checking, and its conditions."""
    status = new.get("status") or {}
    yield from validate_conditions("status.conditions", status.get("conditions") or ())
    checking = status.get("typeChecking") or {}
    for index, each in enumerate(checking.get("expressionWarnings") or ()):
        path = f"status.typeChecking.expressionWarnings[{index}]"
        yield from validation.validate_required(f"{path}.warning", each.get("warning"))
        yield from validation.validate_required(f"{path}.fieldRef", str(each.get("fieldRef") or "").strip())


def common(spec: Mapping[str, Any], old: Object | None, checked: Expressions) -> Iterator[Problem]:
    """What both sorts of policies have, but for their operations."""
    yield from _common(spec, old, checked)


def _common(spec: Mapping[str, Any], old: Object | None, checked: Expressions) -> Iterator[Problem]:
    yield from _choice("spec.failurePolicy", spec.get("failurePolicy"), ("Fail", "Ignore"))
    if (kind := spec.get("paramKind")) is not None:
        yield from _param_kind(kind, "spec.paramKind")
    match = spec.get("matchConstraints")
    if match is None:
        yield problems.required("spec.matchConstraints")
    else:
        yield from match_resources(match, "spec.matchConstraints")
        if not match.get("resourceRules"):
            yield problems.required("spec.matchConstraints.resourceRules")
    if not _same_conditions(spec, old):
        yield from _conditions(spec.get("matchConditions") or (), checked)
    for index, each in enumerate(spec.get("variables") or ()):
        yield from _variable(each, checked, f"spec.variables[{index}]")


class Expressions:
    """The expressions of one policy; ``variables`` grows as they are checked."""

    def __init__(self, spec: Mapping[str, Any]) -> None:
        self.params = spec.get("paramKind") is not None
        self.variables: dict[str, Type] = {}
        self._composed = bool(spec.get("variables"))

    def check(
        self, path: str, text: str, wanted: Sequence[Type], *, authorizer: bool = True, patches: bool = False,
        composed: bool = True, shown: str = "",
    ) -> Iterator[Problem]:  # fmt: skip
        base = environment(params=self.params, authorizer=authorizer, patches=patches)
        try:
            self._compile(base, text, wanted, composed=composed)
        except Miscompiled as error:
            yield problems.invalid(path, shown or text, str(error))

    def check_variable(self, path: str, name: str, text: str) -> Iterator[Problem]:
        base = environment(params=self.params, authorizer=True)
        self.variables[name] = DYN
        known = {each: type for each, type in self.variables.items() if each != name}
        try:
            self.variables[name] = compiled(with_variables(base, known), text).type
        except Miscompiled as error:
            yield problems.invalid(path, text, str(error))

    def _compile(self, base: Environment, text: str, wanted: Sequence[Type], *, composed: bool) -> None:
        compiled(with_variables(base, self.variables) if composed and self._composed else base, text, wanted)


def _choice(path: str, value: Any, supported: Sequence[str]) -> Iterator[Problem]:
    if value is None:
        yield problems.required(path)
    elif value not in supported:
        yield problems.unsupported(path, value, supported)


def _param_kind(kind: Mapping[str, Any], path: str) -> Iterator[Problem]:
    api_version, name = str(kind.get("apiVersion") or ""), str(kind.get("kind") or "")
    group, _, version = api_version.rpartition("/")
    if not api_version:
        yield problems.required(f"{path}.apiVersion")
    elif api_version.count("/") > 1:
        detail = f"unexpected GroupVersion string: {api_version}"
        yield problems.invalid(f"{path}.apiVersion", api_version, detail)
    else:
        if group and (found := list(names.dns_subdomain(group))):
            yield problems.invalid(f"{path}.apiVersion", group, ",".join(found))
        if not version:
            yield problems.invalid(f"{path}.apiVersion", api_version, "version must be specified")
        elif found := list(names.dns_label_1035(version)):
            yield problems.invalid(f"{path}.apiVersion", version, ",".join(found))
    if not name:
        yield problems.required(f"{path}.kind")
    elif found := list(names.dns_label_1035(name.lower())):
        detail = "may have mixed case, but should otherwise match: " + ",".join(found)
        yield problems.invalid(f"{path}.kind", name, detail)


def _same_conditions(spec: Mapping[str, Any], old: Object | None) -> bool:
    """Whether neither the match conditions nor what they may name has changed: then they are not judged again."""
    if old is None:
        return False
    before = old.get("spec") or {}
    return bool(
        spec.get("matchConditions") == before.get("matchConditions")
        and spec.get("paramKind") == before.get("paramKind")
    )


def _conditions(found: Sequence[Mapping[str, Any]], checked: Expressions) -> Iterator[Problem]:
    path, seen = "spec.matchConditions", set[str]()
    if len(found) > MOST_CONDITIONS:
        yield Problem(path, "FieldValueTooMany", f"Too many: {len(found)}: must have at most {MOST_CONDITIONS} items")
    for index, each in enumerate(found):
        at, name, text = f"{path}[{index}]", str(each.get("name") or ""), str(each.get("expression") or "").strip()
        if text:
            yield from checked.check(f"{at}.expression", text, TRUTH, composed=False)
        else:
            yield problems.required(f"{at}.expression")
        if name:
            yield from validation.by_rule(f"{at}.name", name, names.label_key)
            if name in seen:
                yield problems.duplicate(f"{at}.name", name)
            seen.add(name)
        else:
            yield problems.required(f"{at}.name")


def _variable(variable: Mapping[str, Any], checked: Expressions, path: str) -> Iterator[Problem]:
    name, text = str(variable.get("name") or ""), str(variable.get("expression") or "")
    if not name.strip():
        yield problems.required(f"{path}.name", "name is not specified")
    elif not _IDENTIFIER.fullmatch(name) or name in _KEYWORDS:
        yield problems.invalid(f"{path}.name", name, "must be a valid CEL identifier")
    if not text.strip():
        yield problems.required(f"{path}.expression", "expression is not specified")
    else:
        yield from checked.check_variable(f"{path}.expression", name, text)


def _validation(found: Mapping[str, Any], checked: Expressions, path: str) -> Iterator[Problem]:
    text, shown = str(found.get("expression") or ""), str(found.get("messageExpression") or "")
    message, reason = str(found.get("message") or ""), found.get("reason")
    if not text.strip():
        yield problems.required(f"{path}.expression", "expression is not specified")
    else:
        yield from checked.check(f"{path}.expression", text, TRUTH)
    if shown and not shown.strip():
        yield problems.invalid(f"{path}.messageExpression", shown, "must be non-empty if specified")
    elif shown:
        yield from checked.check(f"{path}.messageExpression", shown, TEXT, authorizer=False)
    if message and not message.strip():
        yield problems.invalid(f"{path}.message", message, "must be non-empty if specified")
    elif "\n" in message.strip() or "\r" in message.strip():
        yield problems.invalid(f"{path}.message", message, "must not contain line breaks")
    if reason is not None and reason not in REASONS:
        yield problems.unsupported(f"{path}.reason", reason, REASONS)


def _annotation(found: Mapping[str, Any], checked: Expressions, path: str, policy: str) -> Iterator[Problem]:
    key, text = str(found.get("key") or ""), str(found.get("valueExpression") or "")
    if policy:
        yield from validation.by_rule(f"{path}.key", f"{policy}/{key}", names.label_key)
    else:
        yield problems.invalid(f"{path}.key", key, "requires metadata.name be non-empty")
    if not text.strip():
        yield problems.required(f"{path}.valueExpression", "valueExpression is not specified")
    elif len(text.strip().encode()) > LONGEST_VALUE:
        yield problems.required(f"{path}.valueExpression", f"must not exceed {LONGEST_VALUE} bytes in length")
    else:
        yield from checked.check(f"{path}.valueExpression", text.strip(), TEXT_OR_NULL, shown=text)


__all__ = ["ANYTHING", "STRING", "Expressions", "common", "validate_status", "validate_validating"]
