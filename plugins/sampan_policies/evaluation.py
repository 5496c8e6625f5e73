"""One evaluation of a policy's expressions: the values they see, lazy variables, and what is left of the budget.

Source: apiserver's admission/plugin/cel (activation.go, composition.go).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sampan_cel import CelError, CostExceeded, Program

#: What one expression may cost, and all of one policy with one binding and parameter: units of CEL.
EACH, BUDGET = 1_000_000, 10_000_000
NO_BUDGET = "validation failed due to running out of cost budget, no further validation rules will be run"


class Failed(Exception):
    """An expression could not be evaluated; the message is upstream's."""


def error_type(message: str) -> str:
    """Of an expression that failed with this message: the word of upstream's metrics (errors.go)."""
    if message.startswith("compilation"):
        return "compile_error"
    return "out_of_budget" if message.startswith(NO_BUDGET) else "invalid_error"


class OutOfBudget(Exception):
    """The budget is spent: no more expressions are run."""

    def __init__(self) -> None:
        super().__init__(NO_BUDGET)


class Evaluation:
    """For one policy, binding and parameter. ``variables``: programs by name, or why one has none."""

    def __init__(
        self, values: Mapping[str, Any], variables: Mapping[str, Program | str] | None = None, *, budget: int = BUDGET
    ) -> None:
        self.left = budget
        self._values = dict(values)
        if variables:
            self._values["variables"] = _Variables(self, variables)

    def value(self, program: Program) -> Any:
        """Raises Failed and OutOfBudget."""
        try:
            found, cost = program.measure(self._values, budget=EACH)
        except CostExceeded as error:
            self._charge(EACH + 1)
            raise self._failed(program, error) from None
        except CelError as error:
            self._charge(error.cost)
            raise self._failed(program, error) from None
        self._charge(cost)
        return found

    def composed(self, name: str, program: Program | str) -> Any:
        """The value of a variable; raises CelError, for the expression that names it."""
        if isinstance(program, str):
            raise CelError(f'composited variable "{name}" fails to compile: {program}')
        try:
            found, cost = program.measure(self._values, budget=EACH)
        except CostExceeded as error:
            self._charge(EACH + 1)
            raise CelError(f'composited variable "{name}" fails to evaluate: {error}') from None
        except CelError as error:
            self._charge(error.cost)
            raise CelError(f'composited variable "{name}" fails to evaluate: {error}') from None
        self._charge(cost)
        return found

    def _charge(self, cost: int) -> None:
        if cost > self.left:
            self.left = 0
            raise OutOfBudget
        self.left -= cost

    def _failed(self, program: Program, error: Exception) -> Failed:
        return Failed(f"expression '{program.text}' resulted in error: {error}")


class _Variables(Mapping[str, Any]):
    """The values of ``variables``: each is evaluated when it is first asked for."""

    def __init__(self, evaluation: Evaluation, programs: Mapping[str, Program | str]) -> None:
        self._evaluation, self._programs = evaluation, programs
        self._known: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._known:
            self._known[name] = self._evaluation.composed(name, self._programs[name])
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._programs)

    def __len__(self) -> int:
        return len(self._programs)

    def __contains__(self, name: object) -> bool:
        return name in self._programs
