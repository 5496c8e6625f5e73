"""The least and the most that something may be: a size, or a cost. Nothing is more than MOST; sums stop there."""

from __future__ import annotations

import math
from typing import NamedTuple

MOST = (1 << 64) - 1


class Range(NamedTuple):
    low: int
    high: int

    def plus(self, other: Range) -> Range:
        return Range(min(self.low + other.low, MOST), min(self.high + other.high, MOST))

    def times(self, other: Range) -> Range:
        return Range(min(self.low * other.low, MOST), min(self.high * other.high, MOST))

    def scaled(self, factor: float) -> Range:
        """Multiplied, rounded up."""
        return Range(_scaled(self.low, factor), _scaled(self.high, factor))

    def union(self, other: Range) -> Range:
        return Range(min(self.low, other.low), max(self.high, other.high))


def fixed(value: int) -> Range:
    return Range(value, value)


def _scaled(value: int, factor: float) -> int:
    return min(math.ceil(float(value) * factor), MOST)


UNKNOWN, ONE = Range(0, MOST), Range(1, 1)
