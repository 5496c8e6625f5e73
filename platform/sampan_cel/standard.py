"""The standard functions and operators. Source: cel-spec, doc/langdef.md, "List of Standard Definitions"."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sampan_cel import regex, types
from sampan_cel.declarations import TRAVERSAL, Library, Overload, function, member, text_cost
from sampan_cel.errors import CelError
from sampan_cel.types import BOOL, BYTES, DOUBLE, DURATION, DYN, INT, STRING, TIMESTAMP, UINT, A, B, Type
from sampan_cel.values import (
    INT_HIGH,
    INT_LOW,
    NONE,
    SECOND,
    Duration,
    Optional,
    Timestamp,
    Uint,
    checked_int,
    checked_uint,
    double_text,
    equal,
    is_number,
    key_of,
    read_duration,
    read_timestamp,
    type_of,
)

LIST_A, MAP_AB, OPTIONAL_A = types.list_of(A), types.map_of(A, B), types.optional_of(A)


# Arithmetic


def _int(run: Callable[[int, int], int]) -> Callable[[int, int], int]:
    def checked(left: int, right: int) -> int:
        found = run(left, right)
        if INT_LOW <= found <= INT_HIGH:
            return found
        raise CelError("integer overflow")

    return checked


def _uint(run: Callable[[int, int], int]) -> Callable[[int, int], Uint]:
    return lambda left, right: checked_uint(run(int(left), int(right)))


def _quotient(left: int, right: int) -> int:
    """Towards zero."""
    if right == 0:
        raise CelError("divide by zero")
    found = abs(left) // abs(right)
    return checked_int(found if (left < 0) == (right < 0) else -found)


def _remainder(left: int, right: int) -> int:
    if right == 0:
        raise CelError("modulus by zero")
    if left == INT_LOW and right == -1:
        raise CelError("integer overflow")
    found = abs(left) % abs(right)
    return -found if left < 0 else found


def _divided(left: float, right: float) -> float:
    if right == 0:
        if left == 0 or left != left:
            return math.nan
        return math.inf if (left < 0) == (math.copysign(1, right) < 0) else -math.inf
    return left / right


def _joined_cost(left: Any, right: Any) -> int:
    return math.ceil((len(left) + len(right)) * TRAVERSAL)


def _numbers(name: str, run: Callable[[Any, Any], Any]) -> list[Overload]:
    return [
        function((INT, INT), INT, _int(run)), function((UINT, UINT), UINT, _uint(run)),
        function((DOUBLE, DOUBLE), DOUBLE, run),
    ]  # fmt: skip


_ADD = [
    *_numbers("add", operator.add),
    function((STRING, STRING), STRING, operator.add, _joined_cost),
    function((BYTES, BYTES), BYTES, operator.add, _joined_cost),
    function((LIST_A, LIST_A), LIST_A, lambda left, right: [*left, *right]),
    function((TIMESTAMP, DURATION), TIMESTAMP, lambda left, right: Timestamp(left.nanos + right.nanos)),
    function((DURATION, TIMESTAMP), TIMESTAMP, lambda left, right: Timestamp(left.nanos + right.nanos)),
    function((DURATION, DURATION), DURATION, lambda left, right: Duration(left.nanos + right.nanos)),
]
_SUBTRACT = [
    *_numbers("subtract", operator.sub),
    function((TIMESTAMP, TIMESTAMP), DURATION, lambda left, right: Duration(left.nanos - right.nanos)),
    function((TIMESTAMP, DURATION), TIMESTAMP, lambda left, right: Timestamp(left.nanos - right.nanos)),
    function((DURATION, DURATION), DURATION, lambda left, right: Duration(left.nanos - right.nanos)),
]
_DIVIDE = [
    function((INT, INT), INT, _quotient), function((UINT, UINT), UINT, lambda x, y: Uint(_quotient(int(x), int(y)))),
    function((DOUBLE, DOUBLE), DOUBLE, _divided),
]  # fmt: skip
_MODULO = [
    function((INT, INT), INT, _remainder), function((UINT, UINT), UINT, lambda x, y: Uint(_remainder(int(x), int(y)))),
]  # fmt: skip
_NEGATE = [function((INT,), INT, lambda value: checked_int(-value)), function((DOUBLE,), DOUBLE, operator.neg)]


# Comparison


def shorter_cost(left: Any, right: Any) -> int:
    """Of comparing two values: a tenth of the shorter one's length."""
    return math.ceil(min(size_of(left), size_of(right)) * TRAVERSAL)


def size_of(value: Any) -> int:
    """What ``size()`` says of it, and 1 for what has no size."""
    return len(value) if isinstance(value, (str, bytes, list, tuple, Mapping)) else 1


def _ordered(plain: Callable[[Any, Any], bool]) -> list[Overload]:
    def moments(left: Any, right: Any) -> bool:
        return plain(left.nanos, right.nanos)

    def mixed_numbers(left: Any, right: Any) -> bool:
        """As doubles where one is: an int that a double cannot hold exactly is rounded first."""
        if isinstance(left, float) or isinstance(right, float):
            return plain(float(left), float(right))
        return plain(left, right)

    same = [function((each, each), BOOL, plain) for each in (INT, UINT, DOUBLE, BOOL)]
    same += [function((each, each), BOOL, plain, shorter_cost) for each in (STRING, BYTES)]
    times = [function((each, each), BOOL, moments) for each in (TIMESTAMP, DURATION)]
    numbers = (INT, UINT, DOUBLE)
    mixed = [function((x, y), BOOL, mixed_numbers) for x in numbers for y in numbers if x is not y]
    return [*same, *times, *mixed]


def is_in_list(value: Any, items: Sequence[Any]) -> bool:
    return any(equal(value, each) for each in items)


def _is_key(value: Any, among: Mapping[Any, Any]) -> bool:
    try:
        return key_of(value) in among
    except CelError:
        return False


def _search_cost(value: Any, items: Sequence[Any]) -> int:
    return len(items)


# Conversions


def _to_int(value: Any) -> int:
    if isinstance(value, float):
        if value != value or not -(2.0**63) < value < 2.0**63:
            raise CelError("integer overflow")
        return int(value)
    if isinstance(value, str):
        if not _is_whole(value):
            raise CelError(f"cannot convert {value!r} to int")
        return checked_int(int(value))
    if isinstance(value, Timestamp):
        return value.nanos // SECOND
    if isinstance(value, Duration):
        return value.nanos
    return checked_int(int(value))


def _is_whole(text: str) -> bool:
    digits = text[1:] if text[:1] in ("-", "+") else text
    return digits.isascii() and digits.isdigit()


def _to_uint(value: Any) -> Uint:
    if isinstance(value, float):
        if value != value or not -1 < value < 2.0**64:
            raise CelError("unsigned integer overflow")
        return checked_uint(int(value))
    if isinstance(value, str):
        if not (value.isascii() and value.isdigit()):
            raise CelError(f"cannot convert {value!r} to uint")
        return checked_uint(int(value))
    return checked_uint(int(value))


def _to_double(value: Any) -> float:
    try:
        if isinstance(value, str) and ("_" in value or value != value.strip()):
            raise ValueError
        return float(value)
    except (ValueError, OverflowError):
        raise CelError(f"cannot convert {value!r} to double") from None


def _to_bool(value: str) -> bool:
    if value in ("1", "t", "T", "true", "TRUE", "True"):
        return True
    if value in ("0", "f", "F", "false", "FALSE", "False"):
        return False
    raise CelError(f"cannot convert {value!r} to bool")


def text_of(value: Any) -> str:
    """``string(value)``."""
    if isinstance(value, str):
        return value
    if type(value) is bool:
        return "true" if value else "false"
    if isinstance(value, float):
        return double_text(value)
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            raise CelError("invalid UTF-8 in bytes, cannot convert to string") from None
    return str(int(value)) if isinstance(value, int) else str(value)


def _timestamp_of(value: Any) -> Timestamp:
    return read_timestamp(value) if isinstance(value, str) else Timestamp(int(value) * SECOND)


def _duration_of(value: Any) -> Duration:
    return read_duration(value) if isinstance(value, str) else Duration(int(value))


def _conversion(result: Type, run: Callable[[Any], Any], *sources: Type) -> list[Overload]:
    return [function((result,), result, lambda value: value), *(function((each,), result, run) for each in sources)]


# Times


def _part(read: Callable[[Any], int], spans: int = 0) -> list[Overload]:
    """A getter of timestamps, with and without a zone; ``spans``: nanoseconds of a duration that count as one."""
    found = [
        member((TIMESTAMP,), INT, lambda at: read(at.moment())),
        member((TIMESTAMP, STRING), INT, lambda at, zone: read(at.moment(zone))),
    ]
    if spans:
        found.append(member((DURATION,), INT, lambda span: _quotient(span.nanos, spans)))
    return found


def _milliseconds() -> list[Overload]:
    return [
        member((TIMESTAMP,), INT, lambda at: at.nanos % SECOND // 10**6),
        member((TIMESTAMP, STRING), INT, lambda at, zone: at.moment(zone).microsecond // 1000),
        member((DURATION,), INT, lambda span: _quotient(_remainder(span.nanos, SECOND), 10**6)),
    ]


# Optionals


def _is_zero(value: Any) -> bool:
    if value is None or value is False:
        return True
    if is_number(value):
        return bool(value == 0)
    return isinstance(value, (str, bytes, list, tuple, Mapping)) and not value


def _value_of(value: Optional) -> Any:
    if not value.present:
        raise CelError("optional.none() dereference")
    return value.value


def _present(items: Sequence[Any]) -> list[Any]:
    """The values of a list of optionals that have one."""
    return [each.value for each in items if isinstance(each, Optional) and each.present]


def size(value: Any) -> int:
    return len(value)


_SIZED = (STRING, BYTES, LIST_A, MAP_AB)


def _contains_cost(text: str, part: str) -> int:
    return math.ceil(len(text) * TRAVERSAL) * math.ceil(len(part) * TRAVERSAL)


STANDARD = Library("standard", {
    "_+_": _ADD, "_-_": _SUBTRACT, "_*_": _numbers("multiply", operator.mul), "_/_": _DIVIDE, "_%_": _MODULO,
    "-_": _NEGATE, "!_": [function((BOOL,), BOOL, operator.not_)],
    "_&&_": [function((BOOL, BOOL), BOOL, operator.and_)], "_||_": [function((BOOL, BOOL), BOOL, operator.or_)],
    "_?_:_": [function((BOOL, A, A), A, lambda test, yes, no: yes if test else no)],
    "_==_": [function((A, A), BOOL, equal)], "_!=_": [function((A, A), BOOL, lambda x, y: not equal(x, y))],
    "_<_": _ordered(operator.lt), "_<=_": _ordered(operator.le),
    "_>_": _ordered(operator.gt), "_>=_": _ordered(operator.ge),
    "@in": [
        function((A, LIST_A), BOOL, is_in_list, _search_cost), function((A, MAP_AB), BOOL, _is_key),
    ],
    "size": [
        *(function((each,), INT, size) for each in _SIZED), *(member((each,), INT, size) for each in _SIZED),
    ],
    "contains": [member((STRING, STRING), BOOL, operator.contains, _contains_cost)],
    "startsWith": [member((STRING, STRING), BOOL, str.startswith, text_cost)],
    "endsWith": [member((STRING, STRING), BOOL, str.endswith, text_cost)],
    "matches": [
        member((STRING, STRING), BOOL, regex.matches, regex.cost),
        function((STRING, STRING), BOOL, regex.matches, regex.cost),
    ],
    "int": _conversion(INT, _to_int, UINT, DOUBLE, STRING, TIMESTAMP, DURATION),
    "uint": _conversion(UINT, _to_uint, INT, DOUBLE, STRING),
    "double": _conversion(DOUBLE, _to_double, INT, UINT, STRING),
    "bool": _conversion(BOOL, _to_bool, STRING),
    "string": [
        *_conversion(STRING, text_of, BOOL, INT, UINT, DOUBLE, TIMESTAMP, DURATION),
        function((BYTES,), STRING, text_of, text_cost),
    ],
    "bytes": [*_conversion(BYTES, bytes), function((STRING,), BYTES, lambda text: text.encode(), text_cost)],
    "timestamp": _conversion(TIMESTAMP, _timestamp_of, STRING, INT),
    "duration": _conversion(DURATION, _duration_of, STRING, INT),
    "dyn": [function((A,), DYN, lambda value: value)],
    "type": [function((A,), types.type_of(A), type_of)],
    "getFullYear": _part(lambda at: at.year), "getMonth": _part(lambda at: at.month - 1),
    "getDate": _part(lambda at: at.day), "getDayOfMonth": _part(lambda at: at.day - 1),
    "getDayOfWeek": _part(lambda at: (at.weekday() + 1) % 7),
    "getDayOfYear": _part(lambda at: at.timetuple().tm_yday - 1), "getHours": _part(lambda at: at.hour, 3600 * SECOND),
    "getMinutes": _part(lambda at: at.minute, 60 * SECOND), "getSeconds": _part(lambda at: at.second, SECOND),
    "getMilliseconds": _milliseconds(),
    "optional.of": [function((A,), OPTIONAL_A, Optional)],
    "optional.none": [function((), types.optional_of(DYN), lambda: NONE)],
    "optional.ofNonZeroValue": [function((A,), OPTIONAL_A, lambda value: NONE if _is_zero(value) else Optional(value))],
    "hasValue": [member((OPTIONAL_A,), BOOL, lambda value: value.present)],
    "value": [member((OPTIONAL_A,), A, _value_of)],
    "or": [member((OPTIONAL_A, OPTIONAL_A), OPTIONAL_A, lambda value, other: value if value.present else other)],
    "optional.unwrap": [function((types.list_of(OPTIONAL_A),), LIST_A, _present)],
    "unwrapOpt": [member((types.list_of(OPTIONAL_A),), LIST_A, _present)],
    "first": [member((LIST_A,), OPTIONAL_A, lambda items: Optional(items[0]) if items else NONE)],
    "last": [member((LIST_A,), OPTIONAL_A, lambda items: Optional(items[-1]) if items else NONE)],
    "orValue": [member((OPTIONAL_A, A), A, lambda value, other: value.value if value.present else other)],
})  # fmt: skip
