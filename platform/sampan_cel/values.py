"""Values at run time.

bool, int, float, str, bytes, None, list and dict stand for themselves. uint is ``Uint``; a timestamp and a duration
count nanoseconds; a type is a ``Type``; what may be absent is an ``Optional``. bool keys of a map are wrapped, because
Python takes True for 1.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from sampan_cel import types
from sampan_cel.errors import CelError
from sampan_cel.types import Type

SECOND = 1_000_000_000
INT_LOW, INT_HIGH, UINT_HIGH = -(2**63), 2**63 - 1, 2**64 - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z, in nanoseconds.
FIRST, LAST = -62135596800 * SECOND, 253402300800 * SECOND - 1


class Uint(int):
    __slots__ = ()


class BoolKey:
    """A bool as the key of a map."""

    __slots__ = ("value",)

    def __init__(self, value: bool) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BoolKey) and other.value == self.value

    def __hash__(self) -> int:
        return hash(("bool", self.value))


class Timestamp:
    """Nanoseconds since 1970 in UTC."""

    __slots__ = ("nanos",)
    cel_type = types.TIMESTAMP

    def __init__(self, nanos: int) -> None:
        if not FIRST <= nanos <= LAST:
            raise CelError("timestamp overflow")
        self.nanos = nanos

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Timestamp) and other.nanos == self.nanos

    def __hash__(self) -> int:
        return hash(self.nanos)

    def moment(self, zone: str = "") -> datetime:
        """The date and time, without what is below a microsecond. Raises CelError for a zone that does not exist."""
        return (_EPOCH + timedelta(microseconds=self.nanos // 1000)).astimezone(_zone(zone))

    def __str__(self) -> str:
        text = (_EPOCH + timedelta(seconds=self.nanos // SECOND)).strftime("%m-%dT%H:%M:%S")
        year = (_EPOCH + timedelta(seconds=self.nanos // SECOND)).year
        fraction = f"{self.nanos % SECOND:09d}".rstrip("0")
        return f"{year:04d}-{text}{'.' + fraction if fraction else ''}Z"


class Duration:
    """Nanoseconds, as many as 64 bits hold."""

    __slots__ = ("nanos",)
    cel_type = types.DURATION

    def __init__(self, nanos: int) -> None:
        if not INT_LOW <= nanos <= INT_HIGH:
            raise CelError("duration overflow")
        self.nanos = nanos

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Duration) and other.nanos == self.nanos

    def __hash__(self) -> int:
        return hash(self.nanos)

    def __str__(self) -> str:
        whole, rest = divmod(abs(self.nanos), SECOND)
        fraction = f"{rest:09d}".rstrip("0")
        return f"{'-' if self.nanos < 0 else ''}{whole}{'.' + fraction if fraction else ''}s"


class Optional:
    """A value, or none."""

    __slots__ = ("present", "value")
    cel_type = types.optional_of(types.DYN)

    def __init__(self, value: Any = None, *, present: bool = True) -> None:
        self.value, self.present = value, present

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Optional)
            and other.present == self.present
            and (not self.present or equal(self.value, other.value))
        )

    def __hash__(self) -> int:
        return hash(self.present)


NONE = Optional(present=False)

_BY_CLASS: Mapping[type, Type] = {
    bool: types.BOOL, int: types.INT, Uint: types.UINT, float: types.DOUBLE, str: types.STRING, bytes: types.BYTES,
    type(None): types.NULL, list: types.list_of(types.DYN), tuple: types.list_of(types.DYN),
    dict: types.map_of(types.DYN, types.DYN), Timestamp: types.TIMESTAMP, Duration: types.DURATION,
    Optional: types.optional_of(types.DYN),
}  # fmt: skip


def type_of(value: Any) -> Type:
    """The type of a value, without the parameters of lists and maps."""
    found = _BY_CLASS.get(type(value))
    if found is not None:
        return found
    if isinstance(value, Type):
        return types.type_of(types.DYN)
    if isinstance(value, Mapping):
        return types.map_of(types.DYN, types.DYN)
    own: Type | None = getattr(value, "cel_type", None)
    return own if own is not None else types.DYN


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and type(value) is not bool


def equal(left: Any, right: Any) -> bool:
    """Equality over all types: numbers by value, other types never equal to another."""
    kind, other = type(left), type(right)
    if kind is other and kind in (str, int, bool, Uint, float, bytes):
        return bool(left == right)
    if is_number(left) or is_number(right):
        return is_number(left) and is_number(right) and bool(left == right)
    if isinstance(left, (list, tuple)):
        return isinstance(right, (list, tuple)) and len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, Mapping):
        if not isinstance(right, Mapping) or len(left) != len(right):
            return False
        return all(key in right and equal(value, right[key]) for key, value in left.items())
    if isinstance(left, Type) and isinstance(right, Type):
        return left.name == right.name
    if kind is bool or other is bool:
        return kind is other and bool(left == right)
    return kind is other and bool(left == right)


def compare(left: Any, right: Any) -> int | None:
    """-1, 0 or 1; None for values without an order (NaN). Raises CelError for types that have none."""
    if isinstance(left, (Timestamp, Duration)) and type(left) is type(right):
        left, right = left.nanos, right.nanos
    elif not (is_number(left) and is_number(right)) and not (
        type(left) is type(right) and isinstance(left, (str, bytes, bool))
    ):
        raise no_overload()
    return None if left != left or right != right else int(left > right) - int(left < right)


def no_overload() -> CelError:
    return CelError("no such overload")


def key_of(value: Any) -> Any:
    """A value as the key of a map. Raises CelError for one that cannot be."""
    if type(value) is bool:
        return BoolKey(value)
    if isinstance(value, (str, int)):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    raise CelError("unsupported key type")


def unkeyed(key: Any) -> Any:
    return key.value if type(key) is BoolKey else key


def checked_int(value: int) -> int:
    if not INT_LOW <= value <= INT_HIGH:
        raise CelError("integer overflow")
    return value


def checked_uint(value: int) -> Uint:
    if not 0 <= value <= UINT_HIGH:
        raise CelError("unsigned integer overflow")
    return Uint(value)


# Text

_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII)
_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
_UNITS = {"ns": 1, "us": 1000, "µs": 1000, "μs": 1000, "ms": 10**6, "s": SECOND, "m": 60 * SECOND, "h": 3600 * SECOND}
_OFFSET = re.compile(r"([+-]?)(\d\d):(\d\d)", re.ASCII)


def read_timestamp(text: str) -> Timestamp:
    """RFC 3339. Raises CelError."""
    match = _TIME.fullmatch(text)
    try:
        if match is None:
            raise ValueError
        year, month, day, hour, minute, second = map(int, match.groups()[:6])
        fraction, sign, hours, minutes = match.groups()[6:]
        offset = (int(hours) * 3600 + int(minutes) * 60) * (-1 if sign == "-" else 1) if sign else 0
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        raise CelError(f"timestamp: invalid text {text!r}") from None
    whole = (moment - _EPOCH).days * 86400 + (moment - _EPOCH).seconds - offset
    return Timestamp(whole * SECOND + int((fraction or "0")[:9].ljust(9, "0")))


def read_duration(text: str) -> Duration:
    """``1h30m``, ``-1.5s``, ``0``: as Go's time.ParseDuration. Raises CelError."""
    body = text.lstrip("+-") if len(text) - len(text.lstrip("+-")) <= 1 else ""
    if body == "0":
        return Duration(0)
    nanos, at = 0, 0
    while at < len(body):
        match = _PART.match(body, at)
        if match is None:
            break
        whole, _, fraction = match.group(1).partition(".")
        unit = _UNITS[match.group(2)]
        nanos += int(whole or "0") * unit + (int(fraction) * unit // 10 ** len(fraction) if fraction else 0)
        at = match.end()
    if not body or at < len(body):
        raise CelError(f"duration: invalid text {text!r}")
    return Duration(-nanos if text.startswith("-") else nanos)


def double_text(value: float) -> str:
    """As Go's strconv with format g and the shortest precision."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    digits, exponent = _shortest(value)
    sign = "-" if math.copysign(1, value) < 0 else ""
    if value == 0:
        return f"{sign}0"
    if not -4 <= exponent < 6:
        mantissa = digits[0] + ("." + digits[1:] if len(digits) > 1 else "")
        return f"{sign}{mantissa}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"
    if exponent < 0:
        return f"{sign}0.{'0' * (-exponent - 1)}{digits}"
    whole = digits[: exponent + 1].ljust(exponent + 1, "0")
    return f"{sign}{whole}" + (f".{digits[exponent + 1 :]}" if len(digits) > exponent + 1 else "")


def _shortest(value: float) -> tuple[str, int]:
    """Significant digits, and the exponent of the first."""
    mantissa, _, exponent = f"{abs(value)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    power = int(exponent or 0)
    if whole != "0":
        return (whole + fraction).rstrip("0") or "0", power + len(whole) - 1
    stripped = fraction.lstrip("0")
    return stripped.rstrip("0") or "0", power - (len(fraction) - len(stripped)) - 1


def _zone(name: str) -> Any:
    """A time zone by its IANA name or as ±hh:mm."""
    if name in ("", "UTC", "Z"):
        return UTC
    match = _OFFSET.fullmatch(name)
    if match is not None:
        minutes = int(match.group(2)) * 60 + int(match.group(3))
        return timezone(timedelta(minutes=-minutes if match.group(1) == "-" else minutes))
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise CelError(f"unknown time zone {name}") from None


def at_index(items: Sequence[Any], index: Any) -> Any:
    """An item of a list by an int, uint or whole double. Raises CelError."""
    if not is_number(index) or (isinstance(index, float) and not index.is_integer()):
        raise no_overload() if not isinstance(index, float) else CelError("invalid argument")
    place = int(index)
    if not 0 <= place < len(items):
        raise CelError(f"index out of bounds: {place}")
    return items[place]


def item_of(value: Any, key: Any) -> Any:
    """``value[key]``. Raises CelError."""
    if type(value) is dict or isinstance(value, Mapping):
        try:
            return value[key if type(key) is str else key_of(key)]
        except KeyError:
            raise CelError(f"no such key: {key}") from None
    if isinstance(value, (list, tuple)):
        return at_index(value, key)
    raise no_overload()
