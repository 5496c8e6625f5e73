"""Sets of completion indexes as ordered intervals, and their text: ``0,2,4-7``. Pure.

An Indexed Job may have 100,000 indexes and more: everything here costs as much as there are intervals.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from heapq import merge
from itertools import islice


@dataclass(frozen=True)
class Indexes:
    """A set of indexes. ``spans`` are (first, last), in order, apart from each other."""

    spans: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, indexes: Iterable[int]) -> Indexes:
        return cls(_joined((index, index) for index in sorted(set(indexes))))

    @classmethod
    def parse(cls, text: str, completions: int) -> Indexes:
        """Of a status, which may be of a time with more completions: what is beyond is dropped, as is what cannot be
        read."""
        spans = []
        for part in text.split(",") if text else ():
            first, _, last = part.partition("-")
            if not part.isascii() or not first.isdigit() or (last and not last.isdigit()):
                continue
            if int(first) >= completions:
                break
            spans.append((int(first), min(int(last or first), completions - 1)))
        return cls(_joined(spans))

    def __or__(self, other: Indexes) -> Indexes:
        return Indexes(_joined(merge(self.spans, other.spans)))

    def __contains__(self, index: int) -> bool:
        place = bisect_right(self.spans, (index, math.inf))
        return place > 0 and self.spans[place - 1][1] >= index

    def __len__(self) -> int:
        return sum(last - first + 1 for first, last in self.spans)

    def __str__(self) -> str:
        return ",".join(_shown(first, last) for first, last in self.spans)

    def common(self, other: Indexes) -> int:
        """How many indexes are in both."""
        return len(self) + len(other) - len(self | other)

    def missing(self, completions: int, count: int) -> list[int]:
        """The first ``count`` indexes below ``completions`` that are not in the set."""
        return list(islice(self._gaps(completions), max(0, count)))

    def _gaps(self, completions: int) -> Iterator[int]:
        start = 0
        for first, last in self.spans:
            yield from range(start, min(first, completions))
            start = last + 1
        yield from range(start, completions)


def _joined(spans: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    found: list[tuple[int, int]] = []
    for first, last in spans:
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return tuple(found)


def _shown(first: int, last: int) -> str:
    if first == last:
        return str(first)
    return f"{first},{last}" if last == first + 1 else f"{first}-{last}"


def checked(text: str, completions: int) -> list[tuple[int, int]]:
    """The intervals of a text that a user or another controller wrote. Raises ValueError with upstream's words."""
    spans: list[tuple[int, int]] = []
    for part in text.split(",") if text else ():
        span = _interval(part, completions)
        if spans and spans[-1][1] >= span[0]:
            raise ValueError(f"non-increasing order, previous: {spans[-1][1]}, current: {span[0]}")
        spans.append(span)
    return spans


def _interval(text: str, completions: int) -> tuple[int, int]:
    limits = text.split("-")
    if len(limits) > 2:
        raise ValueError(
            f'the fragment "{text}" violates the requirement that an index interval can have at most two parts '
            "separated by '-'"
        )
    numbers = [_index(limit, completions) for limit in limits]
    if len(numbers) == 2 and numbers[0] >= numbers[1]:
        raise ValueError(f"non-increasing order, previous: {numbers[0]}, current: {numbers[1]}")
    return numbers[0], numbers[-1]


def _index(text: str, completions: int) -> int:
    if not (text.isascii() and text.removeprefix("+").isdigit()):
        raise ValueError(f'cannot convert string to integer for index: "{text}"')
    if len(text) > 10 or int(text) >= completions:
        raise ValueError(f'too large index: "{text}"')
    return int(text)


def overlap(completed: str, failed: str, completions: int) -> int | None:
    """The first index that both texts name, or None. What cannot be read overlaps nothing."""
    left, right = _readable(completed, completions), _readable(failed, completions)
    at = other = 0
    while at < len(left) and other < len(right):
        first, second = left[at], right[other]
        if first[0] <= second[1] and second[0] <= first[1]:
            return max(first[0], second[0])
        if first[0] <= second[0]:
            at += 1
        else:
            other += 1
    return None


def _readable(text: str, completions: int) -> list[tuple[int, int]]:
    found = []
    for part in text.split(",") if text else ():
        try:
            found.append(_interval(part, completions))
        except ValueError:
            continue
    return found
