"""What the closures of an expression are given: a list with the cost that is left and a slot for each variable."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from sampan_cel.errors import CostExceeded

Activation = list[Any]
Closure = Callable[[Activation], Any]


class Missing:
    """In the slot of a variable that was given no value."""


MISSING = Missing()


class Code(NamedTuple):
    """A part of an expression, compiled. ``cost``: what it costs each time beside what it charges itself."""

    run: Closure
    cost: int


def charge(a: Activation, cost: int) -> None:
    """Raises CostExceeded where the cost that is left does not cover it."""
    a[0] -= cost
    if a[0] < 0:
        raise CostExceeded("operation cancelled: actual cost limit exceeded")
