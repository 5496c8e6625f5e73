"""How violations of a schema are said: as of custom resources, or as of Kubernetes' own kinds.

Source: kube-openapi validation errors and apiextensions-apiserver's rendering of them; apimachinery api/validate and
util/validation/field (wording only).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from sampan.contracts.kinds import Problem
from sampan_machinery import problems
from sampan_machinery.names import between


class Wording(Protocol):
    def is_missing(self, parent: dict[str, Any], name: str) -> bool:
        """Whether a required field is not there."""

    def short_list(self, path: str, value: Any, least: int) -> Problem: ...

    def few_fields(self, path: str, value: Any, least: int) -> Problem: ...

    def short_text(self, path: str, value: str, least: int) -> Problem: ...

    def pattern(self, path: str, value: str, pattern: str) -> Problem: ...

    def number(self, path: str, value: float, bounds: Bounds) -> Problem: ...

    def multiple(self, path: str, value: float, step: float) -> Problem: ...


class Bounds:
    """What a number may be, and which side was passed."""

    __slots__ = ("exclusive", "high", "least", "most")

    def __init__(self, least: float | None, most: float | None, *, high: bool, exclusive: bool) -> None:
        self.least, self.most, self.high, self.exclusive = least, most, high, exclusive

    @property
    def passed(self) -> float:
        found = self.most if self.high else self.least
        assert found is not None
        return found

    def words(self) -> str:
        side = "less" if self.high else "greater"
        return f"{side} than" if self.exclusive else f"{side} than or equal to"


class CustomWording:
    """``spec.crew in body should be greater than or equal to 1``."""

    def is_missing(self, parent: dict[str, Any], name: str) -> bool:
        return name not in parent

    def short_list(self, path: str, value: Any, least: int) -> Problem:
        return problems.invalid(path, value, f"{path} in body should have at least {least} items")

    def few_fields(self, path: str, value: Any, least: int) -> Problem:
        return problems.invalid(path, value, f"{path} in body should have at least {least} properties")

    def short_text(self, path: str, value: str, least: int) -> Problem:
        return problems.invalid(path, value, f"{path} in body should be at least {least} chars long")

    def pattern(self, path: str, value: str, pattern: str) -> Problem:
        return problems.invalid(path, value, f"{path} in body should match '{pattern}'")

    def number(self, path: str, value: float, bounds: Bounds) -> Problem:
        return problems.invalid(path, value, f"{path} in body should be {bounds.words()} {number(bounds.passed)}")

    def multiple(self, path: str, value: float, step: float) -> Problem:
        return problems.invalid(path, value, f"{path} in body should be a multiple of {number(step)}")


class BuiltinWording:
    """``must be greater than or equal to 1``. A required field that is empty is missing, as in Go."""

    def is_missing(self, parent: dict[str, Any], name: str) -> bool:
        return parent.get(name) in (None, "", [], {})

    def short_list(self, path: str, value: Any, least: int) -> Problem:
        return problems.invalid(path, value, f"must have at least {_counted(least, 'item')}")

    few_fields = short_list

    def short_text(self, path: str, value: str, least: int) -> Problem:
        return problems.invalid(path, value, f"must be at least {_counted(least, 'character')} long")

    def pattern(self, path: str, value: str, pattern: str) -> Problem:
        return problems.invalid(path, value, f"regex used for validation is '{pattern}'")

    def number(self, path: str, value: float, bounds: Bounds) -> Problem:
        least, most = bounds.least, bounds.most
        if isinstance(least, int) and isinstance(most, int) and not bounds.exclusive:
            return problems.invalid(path, value, between(least, most))
        return problems.invalid(path, value, f"must be {bounds.words()} {number(bounds.passed)}")

    def multiple(self, path: str, value: float, step: float) -> Problem:
        return problems.invalid(path, value, f"must be a multiple of {number(step)}")


CUSTOM: Wording = CustomWording()
BUILTIN: Wording = BuiltinWording()


def number(value: float) -> str:
    """As Go prints a float64: no decimals where there are none."""
    text = f"{value:g}"
    return text if float(text) == value else repr(value)


def ticked(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _counted(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
