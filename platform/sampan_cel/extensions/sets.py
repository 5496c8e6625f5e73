"""Lists taken as sets. Source: cel-go ext, "Sets"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sampan_cel import types
from sampan_cel.declarations import Library, function, product_cost
from sampan_cel.standard import is_in_list
from sampan_cel.types import BOOL, A

LIST = types.list_of(A)


def _contains(items: Sequence[Any], part: Sequence[Any]) -> bool:
    return all(is_in_list(each, items) for each in part)


def _both_ways_cost(items: Sequence[Any], others: Sequence[Any]) -> int:
    return 1 + 2 * len(items) * len(others)


SETS = Library("sets", {
    "sets.contains": [function((LIST, LIST), BOOL, _contains, product_cost)],
    "sets.equivalent": [
        function((LIST, LIST), BOOL, lambda x, y: _contains(x, y) and _contains(y, x), _both_ways_cost),
    ],
    "sets.intersects": [function((LIST, LIST), BOOL, lambda x, y: any(is_in_list(i, y) for i in x), product_cost)],
})  # fmt: skip
