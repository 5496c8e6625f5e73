"""CEL expressions over the claims of a token, or over the user that was made of them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from sampan_cel import CelError, CheckError, Environment, ParseError, types
from sampan_cel.values import Optional
from sampan_machinery.expressions.libraries import KUBERNETES

BUDGET = 10_000_000  # cel-go's units, as upstream for one expression


@cache
def _environment(variable: str) -> Environment:
    return Environment({variable: types.map_of(types.STRING, types.DYN)}, KUBERNETES)


class Expression:
    """A compiled expression; may be evaluated by several threads at a time."""

    def __init__(self, text: str, variable: str) -> None:
        self.text = text
        self._variable = variable
        self._program = _environment(variable).compile(text)

    @staticmethod
    def problem_of(text: str, variable: str, *, condition: bool) -> str:
        """Why it cannot be used, "" where it can."""
        try:
            program = _environment(variable).compile(text)
        except (ParseError, CheckError) as error:
            return str(error)
        if condition and program.type not in (types.BOOL, types.DYN):
            return "must evaluate to bool"
        return ""

    def value(self, found: Mapping[str, Any]) -> Any:
        """Raises CelError. An optional is its value, or None."""
        value = self._program.evaluate({self._variable: found}, budget=BUDGET)
        if isinstance(value, Optional):
            return value.value if value.present else None
        return value


class Rule(NamedTuple):
    """A condition that has to hold, and what is said where it does not."""

    condition: Expression
    message: str

    def holds(self, found: Mapping[str, Any]) -> bool:
        """Raises CelError, also where it is no truth value."""
        value = self.condition.value(found)
        if not isinstance(value, bool):
            raise CelError("validation expression must return a boolean")
        return value
