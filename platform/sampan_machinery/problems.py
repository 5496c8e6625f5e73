"""Field errors with upstream's wording. Source: apimachinery util/validation/field (meaning only)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sampan.contracts.kinds import Problem
from sampan.errors import Cause, Invalid


def shown(value: Any) -> str:
    """A value as shown in messages: strings quoted, numbers plain, the rest as JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def invalid(path: str, value: Any, detail: str) -> Problem:
    text = f"Invalid value: {shown(value)}"
    return Problem(path, "FieldValueInvalid", f"{text}: {detail}" if detail else text)


def required(path: str, detail: str = "") -> Problem:
    return Problem(path, "FieldValueRequired", f"Required value: {detail}" if detail else "Required value")


def duplicate(path: str, value: Any, detail: str = "") -> Problem:
    text = f"Duplicate value: {shown(value)}"
    return Problem(path, "FieldValueDuplicate", f"{text}: {detail}" if detail else text)


def unsupported(path: str, value: Any, supported: Iterable[str]) -> Problem:
    return unsupported_in_order(path, value, sorted(supported))


def unsupported_in_order(path: str, value: Any, supported: Iterable[str]) -> Problem:
    """The same for lists that upstream does not sort."""
    words = ", ".join(shown(word) for word in supported)
    return Problem(path, "FieldValueNotSupported", f"Unsupported value: {shown(value)}: supported values: {words}")


def forbidden(path: str, detail: str) -> Problem:
    return Problem(path, "FieldValueForbidden", f"Forbidden: {detail}")


def too_long(path: str, limit: int) -> Problem:
    return Problem(path, "FieldValueTooLong", f"Too long: may not be more than {limit} bytes")


def too_many(path: str, count: int, most: int) -> Problem:
    items = "item" if most == 1 else "items"
    return Problem(path, "FieldValueTooMany", f"Too many: {count}: must have at most {most} {items}")


def not_found(path: str, value: Any) -> Problem:
    return Problem(path, "FieldValueNotFound", f"Not found: {shown(value)}")


def as_error(problems: list[Problem], *, group: str, kind: str, name: str) -> Invalid:
    """The 422 with every problem: ``Deployment.apps "x" is invalid: …``."""
    texts = [f"{problem.path}: {problem.message}" for problem in problems]
    summary = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
    full = f"{kind}.{group}" if group else kind  # as Go joins them: a review has no kind here
    return Invalid(
        f'{full} "{name}" is invalid: {summary}',
        group=group,
        kind=kind,
        name=name,
        causes=tuple(Cause(problem.reason, problem.message, problem.path) for problem in problems),
    )
