"""What an environment declares: functions, each with its overloads.

An overload has a signature for the checker and a function for run time. ``cost``: what a call costs beside its
arguments: a number, or a function of the arguments' values.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sampan_cel.ranges import UNKNOWN, Range
from sampan_cel.types import Type

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


Path = tuple[str, ...]
#: The size of what is at a path of declared names, where it is known.
SizeOf = Callable[[Path, Type], Range | None]


@dataclass(frozen=True)
class Part:
    """An argument of a call, for its estimator."""

    type: Type
    path: Path
    known: Range | None  # its size, where something is known of it
    constant: object = None
    size_of: SizeOf | None = None

    @property
    def size(self) -> Range:
        return self.known or UNKNOWN

    def item(self) -> Part | None:
        """An element of this list; None where it is no list."""
        if not self.type.params:
            return None
        path = (*self.path, "@items") if self.path else ()
        known = self.size_of(path, self.type.params[0]) if path and self.size_of is not None else None
        return Part(self.type.params[0], path, known, size_of=self.size_of)


@dataclass(frozen=True)
class Estimated:
    """What a call costs beside its arguments, and the size of what it gives, where that has one."""

    cost: Range
    size: Range | None = None


#: Of a function: ``None`` where it has nothing to say, so that the call costs 1.
Estimator = Callable[[Overload, Sequence[Part]], Estimated | None]


@dataclass(frozen=True)
class Library:
    """Functions, types and constants that belong together."""

    name: str
    functions: Mapping[str, Sequence[Overload]]
    #: Names that stand for types in expressions.
    types: Mapping[str, Type] = field(default_factory=dict)
    #: What calls cost before they run (``cost.Estimator``), by the function's name; others cost 1.
    estimators: Mapping[str, Estimator] = field(default_factory=dict)
    #: Refuse lists and maps of several types, and durations, timestamps and patterns that are no such, when an
    #: expression is compiled.
    strict: bool = False
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
