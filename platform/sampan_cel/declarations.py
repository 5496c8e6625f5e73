"""What an environment declares: functions, each with its overloads.

An overload has a signature for the checker and a function for run time. ``cost``: what a call costs beside its
arguments: a number, or a function of the arguments' values.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sampan_cel.types import Type

if TYPE_CHECKING:
    from sampan_cel.cost import Estimator

Cost = int | Callable[..., int]

TRAVERSAL = 0.1  # of each character of a text


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
    """Of a function that walks its first argument once: a tenth of its length, as cel-go counts."""
    return math.ceil(len(args[0]) * TRAVERSAL)


def twice_cost(*args: Any) -> int:
    """Of a function that walks a text and makes one of it."""
    return math.ceil(len(args[0]) * 2 * TRAVERSAL)


def walk_cost(*args: Any) -> int:
    """Of a function that looks at every element of its first argument."""
    return _walked(args[0])


def _walked(value: Any) -> int:
    if isinstance(value, str):
        return int(len(value.encode()) * TRAVERSAL)
    if isinstance(value, bytes):
        return int(len(value) * TRAVERSAL)
    if isinstance(value, (list, tuple)):
        return sum(map(_walked, value))
    if isinstance(value, Mapping):
        return sum(_walked(key) + _walked(each) for key, each in value.items())
    return 1


def list_cost(*args: Any) -> int:
    """Of a function that makes a list as long as its first argument."""
    return 11 + len(args[0])


def product_cost(*args: Any) -> int:
    """Of a function that compares each element of the first two arguments with each."""
    return 1 + len(args[0]) * len(args[1])
