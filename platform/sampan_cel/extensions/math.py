"""Numbers. Source: cel-go ext, "Math"."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

from sampan_cel import types
from sampan_cel.declarations import Library, Overload, function, list_cost
from sampan_cel.errors import CelError
from sampan_cel.types import BOOL, DOUBLE, DYN, INT, UINT, Type
from sampan_cel.values import Uint, checked_int, is_number, no_overload

NUMBERS = (INT, UINT, DOUBLE)
_BITS = 2**64 - 1
MOST = 8  # arguments of greatest and least


def _best(better: Callable[[Any, Any], bool]) -> Callable[..., Any]:
    def best(*values: Any) -> Any:
        if not values:
            raise CelError("argument list must not be empty")
        found = values[0]
        for each in values:
            if not is_number(each):
                raise no_overload()
            if better(each, found):
                found = each
        return found

    return best


def _extreme(better: Callable[[Any, Any], bool]) -> list[Overload]:
    run = _best(better)
    found = [function((each,), each, run) for each in NUMBERS]
    for count in range(2, MOST + 1):
        found += [function((each,) * count, each, run) for each in NUMBERS]
        found.append(function((DYN,) * count, DYN, run))
    lists = [function((types.list_of(each),), each, lambda items: run(*items), list_cost) for each in (*NUMBERS, DYN)]
    return [*found, *lists]


def _sign(value: Any) -> Any:
    if isinstance(value, float):
        return value if value != value else float((value > 0) - (value < 0))
    return type(value)((value > 0) - (value < 0))


def _abs(value: Any) -> Any:
    if isinstance(value, (float, Uint)):
        return abs(value) if isinstance(value, float) else value
    return checked_int(abs(value))


def _rounded(value: float) -> float:
    """Half away from zero."""
    if not math.isfinite(value):
        return value
    return math.copysign(math.floor(abs(value) + 0.5), value)


def _whole(run: Callable[[float], int]) -> Callable[[float], float]:
    return lambda value: float(run(value)) if math.isfinite(value) else value


def _bits(run: Callable[[int, int], int]) -> list[Overload]:
    return [
        function((INT, INT), INT, run),
        function((UINT, UINT), UINT, lambda left, right: Uint(run(int(left), int(right)))),
    ]


def _signed(bits: int) -> int:
    bits &= _BITS
    return bits - 2**64 if bits >= 2**63 else bits


def _shifted(run: Callable[[int, int], int]) -> Callable[[Any, int], Any]:
    def shift(value: Any, count: int) -> Any:
        if count < 0:
            raise CelError(f"math.bitShift() negative offset: {count}")
        bits = run(int(value) & _BITS, count) & _BITS if count < 64 else 0
        return Uint(bits) if isinstance(value, Uint) else _signed(bits)

    return shift


def _same(run: Callable[[Any], Any], *over: Type) -> list[Overload]:
    return [function((each,), each, run) for each in over]


def _shift(run: Callable[[int, int], int]) -> list[Overload]:
    return [function((each, INT), each, _shifted(run)) for each in (INT, UINT)]


MATH = Library("math", {
    "math.greatest": _extreme(operator.gt), "math.least": _extreme(operator.lt),
    "math.abs": _same(_abs, *NUMBERS), "math.sign": _same(_sign, *NUMBERS),
    "math.ceil": _same(_whole(math.ceil), DOUBLE), "math.floor": _same(_whole(math.floor), DOUBLE),
    "math.round": _same(_rounded, DOUBLE), "math.trunc": _same(_whole(math.trunc), DOUBLE),
    "math.sqrt": [
        function((each,), DOUBLE, lambda value: math.sqrt(value) if value >= 0 else math.nan) for each in NUMBERS
    ],
    "math.isNaN": [function((DOUBLE,), BOOL, math.isnan)], "math.isInf": [function((DOUBLE,), BOOL, math.isinf)],
    "math.isFinite": [function((DOUBLE,), BOOL, math.isfinite)],
    "math.bitAnd": _bits(operator.and_), "math.bitOr": _bits(operator.or_), "math.bitXor": _bits(operator.xor),
    "math.bitNot": [
        function((INT,), INT, operator.invert), function((UINT,), UINT, lambda value: Uint(~int(value) & _BITS)),
    ],
    "math.bitShiftLeft": _shift(operator.lshift), "math.bitShiftRight": _shift(operator.rshift),
})  # fmt: skip
