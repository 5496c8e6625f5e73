"""Lists. Source: Kubernetes' CEL list library, and cel-go ext, "Lists"."""

from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Sequence
from typing import Any

from sampan_cel import types
from sampan_cel.declarations import TRAVERSAL, Library, Overload, function, list_cost, member, walk_cost
from sampan_cel.errors import CelError
from sampan_cel.types import BOOL, BYTES, DOUBLE, DURATION, DYN, INT, STRING, TIMESTAMP, UINT, A
from sampan_cel.values import Duration, Uint, checked_int, checked_uint, compare, equal

LIST = types.list_of(A)
SORTABLE = (INT, UINT, DOUBLE, BOOL, DURATION, TIMESTAMP, STRING, BYTES)
SUMMABLE = (INT, UINT, DOUBLE, DURATION)


def _order(left: Any, right: Any) -> int:
    return compare(left, right) or 0


def _is_sorted(items: Sequence[Any]) -> bool:
    return all(_order(before, after) <= 0 for before, after in itertools.pairwise(items))


def _sum(items: Sequence[Any]) -> Any:
    if not items:
        return 0
    first = items[0]
    if isinstance(first, Duration):
        return Duration(sum(each.nanos for each in items))
    total = sum(items)
    if isinstance(first, float):
        return float(total)
    return checked_uint(total) if isinstance(first, Uint) else checked_int(total)


def _least(items: Sequence[Any]) -> Any:
    if not items:
        raise CelError("min called on empty list")
    return min(items, key=functools.cmp_to_key(_order))


def _greatest(items: Sequence[Any]) -> Any:
    if not items:
        raise CelError("max called on empty list")
    return max(items, key=functools.cmp_to_key(_order))


def _index(items: Sequence[Any], wanted: Any) -> int:
    return next((place for place, each in enumerate(items) if equal(each, wanted)), -1)


def _last_index(items: Sequence[Any], wanted: Any) -> int:
    return next((place for place in range(len(items) - 1, -1, -1) if equal(items[place], wanted)), -1)


def _slice(items: Sequence[Any], start: int, end: int) -> list[Any]:
    if start < 0 or end < 0:
        raise CelError(f"cannot slice({start}, {end}), negative indexes not supported")
    if start > end:
        raise CelError(f"cannot slice({start}, {end}), start index must be less than or equal to end index")
    if end > len(items):
        raise CelError(f"cannot slice({start}, {end}), list is length {len(items)}")
    return list(items[start:end])


def _flattened(items: Sequence[Any], depth: int = 1) -> list[Any]:
    if depth < 0:
        raise CelError("level must be non-negative")
    found: list[Any] = []
    for each in items:
        if depth and isinstance(each, (list, tuple)):
            found += _flattened(each, depth - 1)
        else:
            found.append(each)
    return found


def _distinct(items: Sequence[Any]) -> list[Any]:
    found: list[Any] = []
    for each in items:
        if _index(found, each) < 0:
            found.append(each)
    return found


def _sorted(items: Sequence[Any]) -> list[Any]:
    if len({type(each) for each in items}) > 1:
        raise CelError("list elements must have the same type")
    return sorted(items, key=functools.cmp_to_key(_order))


def _sorted_by(items: Sequence[Any], keys: Sequence[Any]) -> list[Any]:
    """``items.sortBy(item, key)``, whose keys are in the order of the items."""
    if len({type(key) for key in keys}) > 1:
        raise CelError("list elements must have the same type")
    ranked = functools.cmp_to_key(_order)
    pairs = sorted(zip(map(ranked, keys), items, strict=True), key=operator.itemgetter(0))
    return [item for _, item in pairs]


def _range(count: int) -> list[int]:
    if count > 1_000_000:
        raise CelError("lists.range: too many elements")
    return list(range(count))


def _each(name: str, run: Any) -> list[Overload]:
    return [member((types.list_of(each),), each, run, walk_cost) for each in SORTABLE]


def _slice_cost(items: Sequence[Any], start: int, end: int) -> int:
    return 11 + max(min(end, len(items)) - start, 0)


def _flatten_cost(items: Sequence[Any], depth: int) -> int:
    return 11 + max(depth, 0) * len(items)


def _compare_cost(items: Sequence[Any]) -> int:
    """Each with each."""
    factor = 2 + TRAVERSAL if items and isinstance(items[0], (str, bytes)) else 2
    return 11 + int(len(items) * len(items) * factor)


LISTS = Library("lists", {
    "isSorted": [member((types.list_of(each),), BOOL, _is_sorted, walk_cost) for each in SORTABLE],
    "sum": [member((types.list_of(each),), each, _sum, walk_cost) for each in SUMMABLE],
    "min": _each("min", _least), "max": _each("max", _greatest),
    "indexOf": [member((LIST, A), INT, _index, walk_cost)],
    "lastIndexOf": [member((LIST, A), INT, _last_index, walk_cost)],
    "slice": [member((LIST, INT, INT), LIST, _slice, _slice_cost)],
    "flatten": [
        member((types.list_of(LIST),), LIST, _flattened, list_cost),
        member((types.list_of(DYN), INT), types.list_of(DYN), _flattened, _flatten_cost),
    ],
    "distinct": [member((LIST,), LIST, _distinct, _compare_cost)],
    "sort": [member((types.list_of(each),), types.list_of(each), _sorted, _compare_cost) for each in SORTABLE],
    "@sortByAssociatedKeys": [
        member((LIST, types.list_of(each)), LIST, _sorted_by, lambda items, keys: _compare_cost(keys))
        for each in SORTABLE
    ],
    "reverse": [member((LIST,), LIST, lambda items: list(reversed(items)), list_cost)],
    "lists.range": [function((INT,), types.list_of(INT), _range, lambda count: 11 + max(count, 0))],
})  # fmt: skip
