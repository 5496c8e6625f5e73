"""What an environment declares: functions, each with its overloads.

An overload has a signature for the checker and a function for run time. ``cost``: what a call costs beside its
arguments: a number, or a function of the arguments' values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sampan_cel.types import Type

if TYPE_CHECKING:
    from sampan_cel.cost import Estimator

Cost = int | Callable[..., int]


@dataclass(frozen=True)
class Overload:
    """``member``: called as ``first.name(rest…)``, the target being the first of ``params``."""

    params: tuple[Type, ...]
    result: Type
    run: Callable[..., Any]
    member: bool = False
    cost: Cost = 1
    #: Whether it takes errors of its arguments' evaluation by itself; none of ours does but the logical operators.
    pure: bool = True


@dataclass(frozen=True)
class Library:
    """Functions, types and constants that belong together."""

    name: str
    functions: Mapping[str, Sequence[Overload]]
    #: Names that stand for types in expressions.
    types: Mapping[str, Type] = field(default_factory=dict)
    #: What calls cost before they run (``cost.Estimator``), by the function's name; others cost 1.
    estimators: Mapping[str, Estimator] = field(default_factory=dict)
    #: Types of ``Name{field: value}`` that are made from their names, such as ``Object.spec``; None for an unknown one.
    resolve: Callable[[str], Type | None] | None = None


def member(params: Iterable[Type], result: Type, run: Callable[..., Any], cost: Cost = 1) -> Overload:
    return Overload(tuple(params), result, run, True, cost)


def function(params: Iterable[Type], result: Type, run: Callable[..., Any], cost: Cost = 1) -> Overload:
    return Overload(tuple(params), result, run, False, cost)


def text_cost(*args: Any) -> int:
    """A tenth of the length of the first argument, as cel-go counts functions that walk a string once."""
    return 1 + len(args[0]) // 10


def list_cost(*args: Any) -> int:
    """The length of the first argument."""
    return 1 + len(args[0])


def product_cost(*args: Any) -> int:
    """The product of the lengths of the first two arguments, for functions that compare each with each."""
    return 1 + len(args[0]) * len(args[1])
