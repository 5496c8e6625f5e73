"""Estimators of the calls whose cost depends on the size of what they are given.

Sources: cel-go, checker/cost.go and ext/{sets,lists}.go; k8s.io/apiserver/pkg/cel/library/cost.go.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from sampan_cel import types
from sampan_cel.declarations import TRAVERSAL, Estimated, Estimator, Overload, Part
from sampan_cel.ranges import MOST, ONE, Range, fixed
from sampan_cel.regex import PATTERN

_TEXTS = (types.STRING, types.BYTES)
_LONGEST_FORMAT = 64
#: Objects of these types are compared in one step.
_IN_ONE_STEP = frozenset({
    "net.IP", "net.CIDR", "kubernetes.Quantity", "kubernetes.Semver", "kubernetes.authorization.Authorizer",
    "kubernetes.authorization.PathCheck", "kubernetes.authorization.GroupCheck",
    "kubernetes.authorization.ResourceCheck", "kubernetes.authorization.Decision",
})  # fmt: skip


def read_once(place: int = 0, factor: float = TRAVERSAL, *, same_size: bool = False) -> Estimator:
    """A function that walks the argument at ``place``; ``same_size``: its result is no longer."""

    def estimated(overload: Overload, parts: Sequence[Part]) -> Estimated | None:
        size = parts[place].size
        return Estimated(size.scaled(factor), size if same_size else None)

    return estimated


def _converted(text_size: Callable[[Range], Range], source: types.Type) -> Estimator:
    """A conversion, which costs a walk where ``source`` is what is converted."""

    def estimated(overload: Overload, parts: Sequence[Part]) -> Estimated | None:
        if overload.params[0] != source:
            return None
        return Estimated(parts[0].size.scaled(TRAVERSAL), text_size(parts[0].size))

    return estimated


def _wider(size: Range) -> Range:
    return Range(size.low, min(size.high * 4, MOST))


def _narrower(size: Range) -> Range:
    return Range(size.low // 4, size.high)


def _quoted(overload: Overload, parts: Sequence[Part]) -> Estimated:
    size = parts[0].size
    return Estimated(size.scaled(TRAVERSAL), Range(min(size.low + 2, MOST), min(size.high * 2 + 2, MOST)))


def _in(overload: Overload, parts: Sequence[Part]) -> Estimated | None:
    return Estimated(parts[1].size.scaled(1)) if overload.params[1].name == "list" else None


def _regex_cost(text: Part, pattern: Part) -> Range:
    return text.size.plus(ONE).scaled(TRAVERSAL).times(pattern.size.scaled(PATTERN))


def _matches(overload: Overload, parts: Sequence[Part]) -> Estimated | None:
    return Estimated(_regex_cost(parts[0], parts[1])) if overload.member else None


def _contains(overload: Overload, parts: Sequence[Part]) -> Estimated | None:
    return Estimated(parts[0].size.scaled(TRAVERSAL).times(parts[1].size.scaled(TRAVERSAL)))


def _added(overload: Overload, parts: Sequence[Part]) -> Estimated | None:
    size = parts[0].size.plus(parts[1].size)
    if overload.params[0] in _TEXTS:
        return Estimated(size.scaled(TRAVERSAL), size)
    return Estimated(ONE, size) if overload.params[0].name == "list" else None


def _ordered(overload: Overload, parts: Sequence[Part]) -> Estimated | None:
    return _compared(parts) if overload.params[0] in _TEXTS and overload.params[1] in _TEXTS else None


def _compared(parts: Sequence[Part]) -> Estimated:
    most = min(parts[0].size.high, parts[1].size.high)
    return Estimated(Range(1 if most else 0, most).scaled(TRAVERSAL))


def _equal(overload: Overload, parts: Sequence[Part]) -> Estimated | None:
    if parts[0].type == parts[1].type and parts[0].type.name in _IN_ONE_STEP:
        return Estimated(ONE)
    if parts[0].type == parts[1].type and parts[0].type.name == "kubernetes.NamedFormat":
        return Estimated(Range(1, _LONGEST_FORMAT).scaled(TRAVERSAL))
    return _compared(parts)


# texts


def _replaced(overload: Overload, parts: Sequence[Part]) -> Estimated | None:
    text, old, new = parts[0].size, parts[1].size, parts[2].size
    if old.low == 0:  # an empty text is found around every character
        most, kept_most = min(text.high + 1, MOST), text.high
    elif new.high <= old.low:
        most, kept_most = 0, text.high
    else:
        most, kept_most = math.ceil(text.high / old.low), 0
    if old.high == 0:
        least, kept_least = min(text.low + 1, MOST), text.low
    elif old.high <= new.low:
        least, kept_least = 0, text.low
    else:
        least, kept_least = math.ceil(text.low / old.high), 0
    size = Range(least, most).times(new).plus(Range(kept_least, kept_most))
    return Estimated(text.scaled(2 * TRAVERSAL), size)


def _split(overload: Overload, parts: Sequence[Part]) -> Estimated | None:
    size = parts[0].size
    most = size.high
    if len(parts) > 2 and type(parts[2].constant) is int:
        most = parts[2].constant % (MOST + 1)  # -1 is "all": the largest number, as in Go
    return Estimated(size.scaled(2 * TRAVERSAL), Range(0, most))


def _joined(overload: Overload, parts: Sequence[Part]) -> Estimated | None:
    count, item = parts[0].size, parts[0].item()
    size = count.times(item.size) if item is not None else fixed(0)
    if len(parts) > 1:
        size = size.plus(parts[1].size.times(Range(max(count.low - 1, 0), max(count.high - 1, 0))))
    return Estimated(size.scaled(TRAVERSAL), size)


def _found(overload: Overload, parts: Sequence[Part]) -> Estimated | None:
    return Estimated(_regex_cost(parts[0], parts[1]), Range(0, parts[0].size.high))


# lists


def _walked(overload: Overload, parts: Sequence[Part]) -> Estimated | None:
    """Each element is compared; a text as target is read once."""
    item = parts[0].item()
    if item is None:
        return Estimated(parts[0].size.scaled(TRAVERSAL))
    each = ONE.plus(item.size.scaled(TRAVERSAL)) if item.type in _TEXTS else ONE
    return Estimated(parts[0].size.times(each))


def _made(factor: float, size: Range) -> Estimated:
    """A new list."""
    return Estimated(size.scaled(factor).plus(ONE).plus(fixed(10)), size)


def _sliced(overload: Overload, parts: Sequence[Part]) -> Estimated | None:
    start, end = _whole(parts[1], 0), _whole(parts[2], parts[0].size.high)
    return _made(1, fixed(max(end - start, 0)))


def _flattened(overload: Overload, parts: Sequence[Part]) -> Estimated | None:
    return _made(_whole(parts[1], MOST) if len(parts) > 1 else 1, parts[0].size)


def _distinct(overload: Overload, parts: Sequence[Part]) -> Estimated | None:
    return _made(2.0, parts[0].size.times(parts[0].size))


def _sorted(overload: Overload, parts: Sequence[Part]) -> Estimated | None:
    factor = 2.0 + (TRAVERSAL if overload.params[0].params[0] in _TEXTS else 0)
    return _made(factor, parts[0].size.times(parts[0].size))


def _sorted_by(overload: Overload, parts: Sequence[Part]) -> Estimated | None:
    factor = 2.0 + (TRAVERSAL if overload.params[1].params[0] in _TEXTS else 0)
    return _made(factor, parts[1].size.times(parts[1].size))


def _whole(part: Part, otherwise: int) -> int:
    return max(part.constant, 0) if type(part.constant) is int else otherwise


def _sets(factor: float) -> Estimator:
    return lambda overload, parts: Estimated(parts[0].size.times(parts[1].size).scaled(factor).plus(ONE))


# addresses

_BYTES = Range(4, 16)  # of an address of either family


def _within(*, masked: bool) -> Estimator:
    def estimated(overload: Overload, parts: Sequence[Part]) -> Estimated | None:
        cost = _BYTES.plus(_BYTES).scaled(TRAVERSAL)
        if masked:
            cost = cost.plus(_BYTES.scaled(TRAVERSAL)).plus(ONE)
        if overload.params[1] == types.STRING:
            cost = cost.plus(parts[1].size.scaled(TRAVERSAL))
        return Estimated(cost)

    return estimated


def _address(overload: Overload, parts: Sequence[Part]) -> Estimated | None:
    return None if overload.member else Estimated(parts[0].size.scaled(TRAVERSAL))


ESTIMATORS: Mapping[str, Estimator] = {
    "format": read_once(), "strings.quote": _quoted, "bytes": _converted(_wider, types.STRING),
    "string": _converted(_narrower, types.BYTES), "startsWith": read_once(1), "endsWith": read_once(1), "@in": _in,
    "matches": _matches, "contains": _contains, "_+_": _added, "_==_": _equal,
    "_!=_": lambda overload, parts: _compared(parts),
    **dict.fromkeys(("_<_", "_<=_", "_>_", "_>=_"), _ordered),
    **dict.fromkeys(("isSorted", "sum", "max", "min", "indexOf", "lastIndexOf"), _walked),
    **dict.fromkeys(("url", "lowerAscii", "upperAscii", "substring", "trim"), read_once(same_size=True)),
    "replace": _replaced, "split": _split, "join": _joined, "find": _found, "findAll": _found,
    "slice": _sliced, "flatten": _flattened, "distinct": _distinct, "sort": _sorted,
    "@sortByAssociatedKeys": _sorted_by,
    "reverse": lambda overload, parts: _made(1, parts[0].size),
    "lists.range": lambda overload, parts: _made(1, fixed(_whole(parts[0], MOST))),
    "sets.contains": _sets(1), "sets.intersects": _sets(1), "sets.equivalent": _sets(2),
    "cidr": read_once(), "isIP": read_once(), "isCIDR": read_once(), "ip": _address,
    "ip.isCanonical": read_once(factor=2 * TRAVERSAL),
    "containsIP": _within(masked=False), "containsCIDR": _within(masked=True),
}  # fmt: skip
