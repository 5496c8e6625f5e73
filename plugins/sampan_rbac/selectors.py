"""The label and field selectors that an access review asks about: their validation, and what the authorizers get.

Source: API reference authorization.k8s.io/v1 LabelSelectorAttributes, FieldSelectorAttributes; KEP-4601 (meaning).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sampan.contracts.kinds import Object, Problem
from sampan.errors import BadRequest
from sampan_machinery import problems
from sampan_machinery.selectors import escape, parse_fields, parse_labels
from sampan_machinery.validation import validate_label_requirement

_PATH = "spec.resourceAttributes"
_LABEL_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")
_FIELD_SIGNS = {"In": "=", "NotIn": "!="}


class Selectors(NamedTuple):
    """What can be read of both selectors, and what the answer's evaluationError says of the rest."""

    fields: str
    error: str


def validate_selectors(attributes: Object) -> list[Problem]:
    """All that is wrong with the selectors of ``resourceAttributes``."""
    return [
        *_validate(f"{_PATH}.fieldSelector", attributes.get("fieldSelector")),
        *_validate(f"{_PATH}.labelSelector", attributes.get("labelSelector")),
    ]


def read_selectors(attributes: Object) -> Selectors:
    """A requirement that cannot be read is left out: the question is then a wider one, never a narrower one."""
    fields, fields_error = _read_fields(attributes.get("fieldSelector") or {})
    labels_error = _labels_error(attributes.get("labelSelector") or {})
    errors = (("fieldSelector", fields_error), ("labelSelector", labels_error))
    return Selectors(
        fields, "; ".join(f"{_PATH}.{name} {ignored} due to parse error" for name, ignored in errors if ignored)
    )


def _validate(path: str, selector: Object | None) -> list[Problem]:
    if selector is None:
        return []
    raw, requirements = selector.get("rawSelector") or "", selector.get("requirements") or ()
    found = []
    if raw and requirements:
        why = "may not specified at the same time as requirements"
        found.append(problems.invalid(f"{path}.rawSelector", raw, why))
    if not raw and not requirements:
        why = f"when {path} is specified, requirements or rawSelector is required"
        found.append(problems.required(f"{path}.requirements", why))
    for index, requirement in enumerate(requirements):
        found += _validate_requirement(path, f"{path}.requirements[{index}]", requirement)
    return found


def _validate_requirement(selector: str, path: str, requirement: Object) -> list[Problem]:
    """Unknown operators are let through: newer clients may know more of them than this server."""
    if selector.endswith("labelSelector"):
        return validate_label_requirement(path, requirement, any_operator=True)
    operator, values = requirement.get("operator") or "", requirement.get("values") or ()
    found = [] if requirement.get("key") else [problems.required(f"{path}.key", "must be specified")]
    if operator in ("In", "NotIn") and not values:
        found.append(problems.required(f"{path}.values", "must be specified when `operator` is 'In' or 'NotIn'"))
    if operator in ("Exists", "DoesNotExist") and values:
        why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
        found.append(problems.forbidden(f"{path}.values", why))
    return found


def _read_fields(selector: Object) -> tuple[str, str]:
    """The selector as text, and how much of it was ignored."""
    if raw := selector.get("rawSelector"):
        try:
            parse_fields(raw)
        except BadRequest:
            return "", "ignored"
        return str(raw), ""
    requirements: Sequence[Object] = selector.get("requirements") or ()
    terms = []
    for one in requirements:
        sign, values = _FIELD_SIGNS.get(one.get("operator") or ""), list(one.get("values") or [])
        if sign and len(values) == 1:
            terms.append(f"{one.get('key', '')}{sign}{escape(values[0])}")
    return ",".join(terms), _ignored(len(terms), len(requirements))


def _labels_error(selector: Object) -> str:
    """How much of the selector was ignored. No authorizer reads labels, so nothing else is kept of them."""
    if raw := selector.get("rawSelector"):
        try:
            parse_labels(raw)
        except BadRequest:
            return "ignored"
        return ""
    requirements: Sequence[Object] = selector.get("requirements") or ()
    return _ignored(sum(one.get("operator") in _LABEL_OPERATORS for one in requirements), len(requirements))


def _ignored(read: int, asked: int) -> str:
    if read == asked:
        return ""
    return "partially ignored" if read else "ignored"
