"""Histograms that a plugin keeps for /metrics (contracts.serving.Metric)."""

from __future__ import annotations

import math
import threading
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from sampan.contracts.serving import Distribution

_MOST = 1000  # series; those that come after are not kept: names of webhooks and policies are what clients choose


class Distributions:
    """By the values of the labels. For any thread."""

    def __init__(self, bounds: Sequence[float]) -> None:
        """``bounds``: upper ones, ascending, without the infinite one."""
        self._bounds = (*bounds, math.inf)
        self._counts: dict[tuple[str, ...], list[int]] = {}
        self._totals: dict[tuple[str, ...], float] = {}
        self._lock = threading.Lock()

    def observe(self, labels: tuple[str, ...], value: float) -> None:
        with self._lock:
            counts = self._counts.get(labels)
            if counts is None:
                if len(self._counts) >= _MOST:
                    return
                counts = self._counts[labels] = [0] * len(self._bounds)
            counts[bisect_left(self._bounds, value)] += 1
            self._totals[labels] = self._totals.get(labels, 0.0) + value

    def read(self) -> Iterator[tuple[tuple[str, ...], Distribution]]:
        with self._lock:
            found = [(labels, list(counts), self._totals[labels]) for labels, counts in self._counts.items()]
        for labels, counts, total in found:
            seen, buckets = 0, []
            for bound, count in zip(self._bounds, counts, strict=True):
                seen += count
                buckets.append((bound, seen))
            yield labels, Distribution(buckets, total)


class Counts:
    """Counters by the values of their labels. For any thread."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, ...], int] = {}
        self._lock = threading.Lock()

    def add(self, *labels: str) -> None:
        with self._lock:
            if labels in self._counts or len(self._counts) < _MOST:
                self._counts[labels] = self._counts.get(labels, 0) + 1

    def read(self) -> list[tuple[tuple[str, ...], float]]:
        with self._lock:
            return [(labels, float(count)) for labels, count in self._counts.items()]
