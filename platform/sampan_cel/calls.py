"""Calls: the overload that fits the arguments, found when an expression is compiled or at run time.

What a call costs beside its arguments is charged here where it depends on their values.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sampan_cel import types
from sampan_cel.activation import Activation, Closure, Code, charge
from sampan_cel.ast import Const, Node
from sampan_cel.declarations import Cost, Overload
from sampan_cel.types import Type
from sampan_cel.values import Duration, Optional, Timestamp, Uint, equal, no_overload


def call(overloads: Sequence[Overload], given: Sequence[Type], args: Sequence[Code]) -> Code:
    """A call of arguments of these types."""
    runs, cost = tuple(arg.run for arg in args), sum(arg.cost for arg in args)
    if len(overloads) == 1 and all(is_certain(w, h) for w, h in zip(overloads[0].params, given, strict=True)):
        return _called(overloads[0], runs, cost)
    return _dispatched(overloads, runs, cost)


def _called(overload: Overload, runs: tuple[Closure, ...], cost: int) -> Code:
    """One overload that is known to fit."""
    run, extra = overload.run, overload.cost
    if callable(extra):
        price = extra

        def charged(a: Activation) -> Any:
            args = [each(a) for each in runs]
            charge(a, price(*args))
            return run(*args)

        return Code(charged, cost)
    cost += extra
    if len(runs) == 1:
        (only,) = runs
        return Code(lambda a: run(only(a)), cost)
    if len(runs) == 2:
        first, second = runs
        return Code(lambda a: run(first(a), second(a)), cost)
    return Code(lambda a: run(*[each(a) for each in runs]), cost)


def _dispatched(overloads: Sequence[Overload], runs: tuple[Closure, ...], cost: int) -> Code:
    """The overload is found by the classes that the arguments have at run time, once for each combination of them."""
    choices = tuple((tuple(matcher(param) for param in each.params), each) for each in overloads)
    known: dict[Any, tuple[Callable[..., Any], Cost]] = {}

    def choose(args: Sequence[Any]) -> tuple[Callable[..., Any], Cost]:
        for matchers, overload in choices:
            if all(matches(arg) for matches, arg in zip(matchers, args, strict=True)):
                return overload.run, overload.cost
        raise no_overload()

    def any_number(a: Activation) -> Any:
        args = [each(a) for each in runs]
        classes = tuple(map(type, args))
        found = known.get(classes)
        if found is None:
            found = known[classes] = choose(args)
        run, extra = found
        charge(a, extra(*args) if callable(extra) else extra)
        return run(*args)

    if len(runs) != 2:
        return Code(any_number, cost)
    first, second = runs

    def two(a: Activation) -> Any:
        left, right = first(a), second(a)
        classes = type(left), type(right)
        found = known.get(classes)
        if found is None:
            found = known[classes] = choose((left, right))
        run, extra = found
        if callable(extra):
            charge(a, extra(left, right))
        else:
            a[0] -= extra
        return run(left, right)

    return Code(two, cost)


def is_certain(want: Type, has: Type) -> bool:
    """Whether every value of type ``has`` is one of ``want``."""
    if want.param or want == types.DYN:
        return True
    return want.name == has.name and want.name != "wrapper"


_MATCHERS: Mapping[str, Callable[[Any], bool]] = {
    "bool": lambda value: type(value) is bool,
    "int": lambda value: type(value) is int,
    "uint": lambda value: type(value) is Uint,
    "double": lambda value: type(value) is float,
    "string": lambda value: isinstance(value, str),
    "bytes": lambda value: isinstance(value, bytes),
    "null_type": lambda value: value is None,
    "list": lambda value: isinstance(value, (list, tuple)),
    "map": lambda value: isinstance(value, Mapping),
    "type": lambda value: isinstance(value, Type),
    "optional_type": lambda value: isinstance(value, Optional),
    types.TIMESTAMP.name: lambda value: isinstance(value, Timestamp),
    types.DURATION.name: lambda value: isinstance(value, Duration),
}


def matcher(param: Type) -> Callable[[Any], bool]:
    """Tells whether a value is of a parameter's type."""
    if param.param or param == types.DYN:
        return lambda value: True
    known = _MATCHERS.get(param.name)
    if known is not None:
        return known
    name = param.name
    return lambda value: getattr(getattr(value, "cel_type", None), "name", "") == name


def equality(args: Sequence[Node], given: Sequence[Type]) -> tuple[Callable[[Any, Any], bool], bool]:
    """What tells whether two values of these types are equal, and whether asking always costs 1."""
    same = given[0] == given[1] and given[0] in _EQUAL_BY_PYTHON
    is_cheap = any(map(_is_small, args)) or any(each in _SMALL for each in given)
    return operator.eq if same else equal, is_cheap


#: Types whose values are equal where Python says so, and types of which a comparison costs 1.
_EQUAL_BY_PYTHON = frozenset({types.STRING, types.INT, types.BOOL, types.BYTES, types.UINT})
_SMALL = frozenset({types.INT, types.BOOL, types.UINT, types.DOUBLE, types.NULL, types.TIMESTAMP, types.DURATION})
_SHORT = 10  # characters: comparing with a text of at most so many costs no more than 1


def _is_small(node: Node) -> bool:
    if not isinstance(node, Const):
        return False
    return len(node.value) <= _SHORT if isinstance(node.value, (str, bytes)) else True
