"""Quantities: exact numbers with a suffix, such as 100m, 1.5Gi and 12e6.

Amounts are integers in billionths (``nanos``), so sums and comparisons are exact and fast; parsing is cached. Finer
input is rounded away from zero. Knows only texts and numbers. Source: API reference "Quantity"; apimachinery
api/resource (meaning).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from sampan.errors import BadRequest

NANOS = 10**9
#: Suffix families, which the canonical form keeps.
DECIMAL, BINARY, EXPONENT = "DecimalSI", "BinarySI", "DecimalExponent"
#: 2**63-1, the cap of binary quantities. Source: API reference.
MAX_BINARY = 2**63 - 1
MAX_LENGTH = 128
#: Limit of exponents, so that 1e999999999 does not fill the memory.
MAX_EXPONENT = 64

_FORM = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)", re.ASCII)
_PATTERN = "^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$"
_WRONG_FORM = f"quantities must match the regular expression '{_PATTERN}'"
_WRONG_SUFFIX = "unable to parse quantity's suffix"
_WRONG_NUMBER = "unable to parse numeric part of quantity"
_DECIMAL_EXPONENTS = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY_EXPONENTS = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_DECIMAL_SUFFIXES = {exponent: suffix for suffix, exponent in _DECIMAL_EXPONENTS.items()}
_BINARY_SUFFIXES = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
_EXPONENT = re.compile(r"[eE]([+-]?[0-9]{1,10})", re.ASCII)


class Quantity(NamedTuple):
    """An amount in billionths, and the suffix family of its text."""

    nanos: int
    family: str

    def __str__(self) -> str:
        return text_of(self.nanos, self.family)


def read(value: str | int | float) -> Quantity:
    """Parse a JSON value as a quantity. Raises BadRequest."""
    if isinstance(value, str):
        return _read(value) if len(value) <= MAX_LENGTH else _refuse(_WRONG_FORM)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _refuse(_WRONG_FORM)
    text = repr(value) if isinstance(value, float) or abs(value) < 10**MAX_EXPONENT else "?"
    return _read(text)


def _refuse(why: str) -> Quantity:
    raise BadRequest(why)


@lru_cache(65536)
def _read(text: str) -> Quantity:
    match = _FORM.fullmatch(text)
    if match is None or not (match[2] or match[3]):
        raise BadRequest(_WRONG_FORM if match is None or not text else _WRONG_NUMBER)
    sign, whole, fraction, suffix = match[1], match[2], match[3] or "", match[4]
    family, base, exponent = _suffix(suffix)
    digits, divisor = int(whole + fraction), 10 ** len(fraction)
    power = base ** abs(exponent)
    scaled = digits * NANOS
    nanos = -(-scaled * power // divisor) if exponent >= 0 else -(-scaled // (divisor * power))
    if family == BINARY:
        nanos = min(nanos, MAX_BINARY * NANOS)
        if 0 < nanos < NANOS:
            family = DECIMAL
    return Quantity(-nanos if sign == "-" else nanos, family)


def _suffix(suffix: str) -> tuple[str, int, int]:
    if suffix in _DECIMAL_EXPONENTS:
        return DECIMAL, 10, _DECIMAL_EXPONENTS[suffix]
    if suffix in _BINARY_EXPONENTS:
        return BINARY, 2, _BINARY_EXPONENTS[suffix]
    match = _EXPONENT.fullmatch(suffix)
    if match is None or abs(int(match[1])) > MAX_EXPONENT:
        raise BadRequest(_WRONG_SUFFIX)
    return EXPONENT, 10, int(match[1])


@lru_cache(65536)
def text_of(nanos: int, family: str = DECIMAL) -> str:
    """The canonical text: no fraction, and the largest suffix of the family without a loss."""
    if nanos == 0:
        return "0"
    units, rest = divmod(nanos, NANOS)
    if family == BINARY and not rest and not -1024 < units < 1024:
        step = 0
        while units % 1024 == 0 and step < 6:
            units //= 1024
            step += 1
        return f"{units}{_BINARY_SUFFIXES[step]}"
    mantissa, exponent = nanos, -9
    highest = 18 if family != EXPONENT else MAX_EXPONENT
    while mantissa % 1000 == 0 and exponent < highest:
        mantissa //= 1000
        exponent += 3
    if family == EXPONENT:
        return f"{mantissa}e{exponent}" if exponent else str(mantissa)
    return f"{mantissa}{_DECIMAL_SUFFIXES[exponent]}"


def canonical(value: str | int | float) -> str:
    """The canonical text, as in answers of the API: 1000m → 1, 1024Mi → 1Gi, 1.5 → 1500m. Raises BadRequest."""
    return text_of(*read(value))


def parse(value: str | int | float) -> Fraction:
    """The exact amount. Raises BadRequest."""
    return Fraction(read(value).nanos, NANOS)


def nanos(value: str | int | float) -> int:
    """The exact amount in billionths. Raises BadRequest."""
    return read(value).nanos


def milli(value: str | int | float) -> int:
    """The amount in thousandths, rounded up; used for CPU. Raises BadRequest."""
    return -(-read(value).nanos // 10**6)


def whole(value: str | int | float) -> int:
    """The amount in whole units, rounded up; used for bytes and pods. Raises BadRequest."""
    return -(-read(value).nanos // NANOS)


def is_quantity(value: object) -> bool:
    if not isinstance(value, str | int | float):
        return False
    try:
        read(value)
    except BadRequest:
        return False
    return True


def compare(left: str | int | float, right: str | int | float) -> int:
    """-1, 0 or 1. Raises BadRequest."""
    a, b = read(left).nanos, read(right).nanos
    return (a > b) - (a < b)


def add(*values: str | int | float) -> str:
    """The canonical sum, in the family of the first non-zero value. Raises BadRequest."""
    return _sum(read(value) for value in values)


def subtract(left: str | int | float, right: str | int | float) -> str:
    """The canonical difference. Raises BadRequest."""
    other = read(right)
    return _sum((read(left), Quantity(-other.nanos, other.family)))


def _sum(quantities: Iterable[Quantity]) -> str:
    total, family = 0, ""
    for quantity in quantities:
        total += quantity.nanos
        if not family and quantity.nanos:
            family = quantity.family
    return text_of(total, family or DECIMAL)
