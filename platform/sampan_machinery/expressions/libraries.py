"""The function libraries that Kubernetes adds to CEL: quantities, semantic versions, named formats.

Source: k8s.io/apiserver/pkg/cel/library (meaning), https://kubernetes.io/docs/reference/using-api/cel/.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sampan.errors import BadRequest
from sampan_cel import CelError, types
from sampan_cel.declarations import TRAVERSAL, Estimated, Library, Overload, Part, function, member, text_cost
from sampan_cel.estimates import read_once
from sampan_cel.extensions import LISTS, NETWORK, REGEXES, SETS, STRINGS, URLS
from sampan_cel.regex import PATTERN, pattern_cost
from sampan_cel.types import BOOL, DOUBLE, INT, STRING, Type
from sampan_cel.values import INT_HIGH, INT_LOW, NONE, Optional
from sampan_machinery import names, quantities
from sampan_machinery.structural import formats

QUANTITY, SEMVER, FORMAT = Type("kubernetes.Quantity"), Type("kubernetes.Semver"), Type("kubernetes.NamedFormat")


# Quantities


@functools.total_ordering
class Amount:
    """A quantity as a value; two that are the same amount are equal."""

    __slots__ = ("value",)
    cel_type = QUANTITY

    def __init__(self, value: quantities.Quantity) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Amount) and other.value.nanos == self.value.nanos

    def __lt__(self, other: Amount) -> bool:
        return self.value.nanos < other.value.nanos

    def __hash__(self) -> int:
        return hash(self.value.nanos)

    def plus(self, nanos: int) -> Amount:
        return Amount(quantities.Quantity(self.value.nanos + nanos, self.value.family))


def _quantity(text: str) -> Amount:
    try:
        return Amount(quantities.read(text))
    except BadRequest as error:
        raise CelError(error.message) from None


def _whole(amount: Amount) -> int:
    whole, rest = divmod(amount.value.nanos, quantities.NANOS)
    if rest or not INT_LOW <= whole <= INT_HIGH:
        raise CelError("cannot convert value to integer")
    return whole


def _is_whole(amount: Amount) -> bool:
    whole, rest = divmod(amount.value.nanos, quantities.NANOS)
    return not rest and INT_LOW <= whole <= INT_HIGH


def _order(left: Any, right: Any) -> int:
    return int(left > right) - int(left < right)


_QUANTITIES = Library("quantity", {
    "quantity": [function((STRING,), QUANTITY, _quantity, text_cost)],
    "isQuantity": [function((STRING,), BOOL, quantities.is_quantity, text_cost)],
    "sign": [member((QUANTITY,), INT, lambda amount: _order(amount.value.nanos, 0))],
    "isInteger": [member((QUANTITY,), BOOL, _is_whole)], "asInteger": [member((QUANTITY,), INT, _whole)],
    "asApproximateFloat": [member((QUANTITY,), DOUBLE, lambda amount: amount.value.nanos / quantities.NANOS)],
    "add": [
        member((QUANTITY, QUANTITY), QUANTITY, lambda amount, other: amount.plus(other.value.nanos)),
        member((QUANTITY, INT), QUANTITY, lambda amount, number: amount.plus(number * quantities.NANOS)),
    ],
    "sub": [
        member((QUANTITY, QUANTITY), QUANTITY, lambda amount, other: amount.plus(-other.value.nanos)),
        member((QUANTITY, INT), QUANTITY, lambda amount, number: amount.plus(-number * quantities.NANOS)),
    ],
    "isGreaterThan": [member((QUANTITY, QUANTITY), BOOL, lambda amount, other: amount > other)],
    "isLessThan": [member((QUANTITY, QUANTITY), BOOL, lambda amount, other: amount < other)],
    "compareTo": [member((QUANTITY, QUANTITY), INT, _order)],
}, {QUANTITY.name: QUANTITY}, {"quantity": read_once(), "isQuantity": read_once()})  # fmt: skip


# Semantic versions

_NUMBER = "(0|[1-9][0-9]*)"
_PART = "(?:0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)"
_VERSION = re.compile(
    rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-({_PART}(?:\.{_PART})*))?(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?", re.ASCII
)
_LENIENT = re.compile(r"v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(.*)", re.ASCII | re.DOTALL)


@functools.total_ordering
class Version:
    """A semantic version (semver.org 2.0.0). Build metadata does not count."""

    __slots__ = ("numbers", "release", "text")
    cel_type = SEMVER

    def __init__(self, text: str) -> None:
        match = _VERSION.fullmatch(text)
        if match is None:
            raise CelError(f"invalid semver {text!r}")
        self.text = text
        self.numbers = tuple(int(match.group(place)) for place in (1, 2, 3))
        self.release = match.group(4) or ""

    def _key(self) -> tuple[Any, ...]:
        """A release is after its pre-releases; numbers are before words."""
        parts = [(0, int(each), "") if each.isdigit() else (1, 0, each) for each in self.release.split(".") if each]
        return self.numbers, not self.release, parts

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and other._key() == self._key()

    def __lt__(self, other: Version) -> bool:
        return self._key() < other._key()

    def __hash__(self) -> int:
        return hash((self.numbers, self.release))


def _version(text: str, lenient: bool = False) -> Version:
    """``lenient``: a leading v, missing numbers and leading zeros are put right first."""
    if lenient and (match := _LENIENT.fullmatch(text)) is not None:
        numbers = ".".join(str(int(match.group(place) or 0)) for place in (1, 2, 3))
        text = numbers + match.group(4)
    return Version(text)


def _is_version(text: str, lenient: bool = False) -> bool:
    try:
        _version(text, lenient)
    except CelError:
        return False
    return True


_SEMVERS = Library("semver", {
    "semver": [
        function((STRING,), SEMVER, _version, text_cost), function((STRING, BOOL), SEMVER, _version, text_cost),
    ],
    "isSemver": [
        function((STRING,), BOOL, _is_version, text_cost), function((STRING, BOOL), BOOL, _is_version, text_cost),
    ],
    "major": [member((SEMVER,), INT, lambda version: version.numbers[0])],
    "minor": [member((SEMVER,), INT, lambda version: version.numbers[1])],
    "patch": [member((SEMVER,), INT, lambda version: version.numbers[2])],
    "isGreaterThan": [member((SEMVER, SEMVER), BOOL, lambda version, other: version > other)],
    "isLessThan": [member((SEMVER, SEMVER), BOOL, lambda version, other: version < other)],
    "compareTo": [member((SEMVER, SEMVER), INT, _order)],
}, {SEMVER.name: SEMVER}, {"semver": read_once(), "isSemver": read_once()})  # fmt: skip


# Named formats

#: What a format's regular expression is taken to be long, before it is known which.
LONGEST_PATTERN = 128
_PATTERNS = {
    "dns1123Label": 30, "dns1123Subdomain": 60, "dns1035Label": 30, "qualifiedName": 60, "dns1123LabelPrefix": 30,
    "dns1123SubdomainPrefix": 60, "dns1035LabelPrefix": 30, "labelValue": 40,
}  # fmt: skip


class Format:
    """A named format of texts; ``complaints`` tells what is wrong with one."""

    __slots__ = ("complaints", "name", "pattern")
    cel_type = FORMAT

    def __init__(self, name: str, complaints: Callable[[str], Any]) -> None:
        self.name, self.complaints = name, complaints
        self.pattern = _PATTERNS.get(name, LONGEST_PATTERN)  # the length of its regular expression, for the cost

    def validate(self, text: str) -> Optional:
        """An optional list of what is wrong; none where nothing is."""
        found = list(self.complaints(text))
        return Optional(found) if found else NONE


def _of_schema(name: str) -> Callable[[str], list[str]]:
    return lambda text: [] if formats.fits(text, name) else [f"invalid {name}"]


_FORMATS: Mapping[str, Format] = {
    name: Format(name, complaints)
    for name, complaints in {
        "dns1123Label": names.dns_label, "dns1123Subdomain": names.dns_subdomain, "dns1035Label": names.dns_label_1035,
        "qualifiedName": names.label_key, "labelValue": names.label_value,
        "dns1123LabelPrefix": names.prefix_rule(names.dns_label),
        "dns1123SubdomainPrefix": names.prefix_rule(names.dns_subdomain),
        "dns1035LabelPrefix": names.prefix_rule(names.dns_label_1035),
        "uri": _of_schema("uri"), "uuid": _of_schema("uuid"), "byte": _of_schema("byte"), "date": _of_schema("date"),
        "datetime": _of_schema("date-time"),
    }.items()
}  # fmt: skip


def _validation_estimate(overload: Overload, parts: Sequence[Part]) -> Estimated:
    return Estimated(parts[1].size.scaled(TRAVERSAL).scaled(LONGEST_PATTERN * PATTERN))


def _validation_cost(found: Format, text: str) -> int:
    return pattern_cost(len(text), found.pattern)


def _named(name: str) -> Optional:
    found = _FORMATS.get(name)
    return NONE if found is None else Optional(found)


def _constant(found: Format) -> Callable[[], Format]:
    return lambda: found


_FORMAT_LIBRARY = Library("format", {
    "format.named": [function((STRING,), types.optional_of(FORMAT), _named)],
    **{f"format.{name}": [function((), FORMAT, _constant(found))] for name, found in _FORMATS.items()},
    "validate": [
        member((FORMAT, STRING), types.optional_of(types.list_of(STRING)), Format.validate, _validation_cost),
    ],
}, {FORMAT.name: FORMAT}, {"validate": _validation_estimate})  # fmt: skip

#: Of texts, as many as upstream's version of the library has.
_TEXTS = Library("strings", {name: found for name, found in STRINGS.functions.items() if name != "reverse"})

#: Kubernetes refuses what cel-go would take: ``[1, 'a']``, ``duration('long')``.
_DIALECT = Library("kubernetes", {}, strict=True)

#: What an expression in an object of Kubernetes may call beside the standard functions; cel-go's math and base64
#: functions are not there, as upstream.
KUBERNETES = (_DIALECT, LISTS, REGEXES, URLS, NETWORK, _TEXTS, SETS, _QUANTITIES, _SEMVERS, _FORMAT_LIBRARY)
