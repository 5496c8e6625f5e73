"""Replicas divided among clusters. Pure.

Shares by weight follow the Webster method (Sainte-Laguë), as Karmada since 1.15: a cluster that is added only takes
replicas, no other cluster gets more; one replica more goes to one cluster. Remainders stay where they were.
"""

from __future__ import annotations

import heapq
import zlib
from collections.abc import Mapping
from fractions import Fraction
from typing import NamedTuple

Shares = dict[str, int]


class _Order(NamedTuple):
    """The order in which clusters get the next replica, the first first."""

    priority: Fraction  # negative: a heap's least is first
    moves: bool  # it would have to start a replica that it does not have
    seats: int
    spread: int  # differs between workloads, so that not always the same cluster gets the remainder
    name: str


def by_weight(
    total: int, weights: Mapping[str, int], last: Mapping[str, int], *, most: Mapping[str, int] | None = None,
    seed: str = "",
) -> Shares:  # fmt: skip
    """``total`` replicas by these weights (0: none). ``last``: what each cluster has; decides ties. ``most``: the most
    that each may get; their sum is ``total`` at least."""
    names = [name for name, weight in weights.items() if weight > 0]
    if not names or total <= 0:
        return {}
    whole = sum(weights[name] for name in names)
    # Rounded shares are the method's own result for their sum, so at most one step a cluster is left to do.
    shares = {name: (2 * weights[name] * total + whole) // (2 * whole) for name in names}
    if most is not None:
        shares = {name: min(share, most[name]) for name, share in shares.items()}
    order = _Ordering(weights, last, seed)
    _take(shares, sum(shares.values()) - total, order)
    _give(shares, total - sum(shares.values()), order, most)
    return {name: share for name, share in shares.items() if share}


class _Ordering:
    def __init__(self, weights: Mapping[str, int], last: Mapping[str, int], seed: str) -> None:
        self._weights, self._last, self._seed = weights, last, seed

    def of(self, name: str, seats: int) -> _Order:
        """The claim of a cluster that has so many replicas to one more."""
        return _Order(
            -Fraction(self._weights[name], 2 * seats + 1), self._last.get(name, 0) <= seats, seats,
            zlib.crc32(f"{self._seed}/{name}".encode()), name,
        )  # fmt: skip


def _take(shares: Shares, count: int, order: _Ordering) -> None:
    """Take replicas away, each from the cluster that would have been given it last."""
    for _ in range(max(0, count)):
        name = max((each for each in shares if shares[each]), key=lambda each: order.of(each, shares[each] - 1))
        shares[name] -= 1


def _give(shares: Shares, count: int, order: _Ordering, most: Mapping[str, int] | None) -> None:
    heap = [order.of(name, share) for name, share in shares.items() if most is None or share < most[name]]
    heapq.heapify(heap)
    for _ in range(max(0, count)):
        name = heapq.heappop(heap).name
        shares[name] += 1
        if most is None or shares[name] < most[name]:
            heapq.heappush(heap, order.of(name, shares[name]))


def by_availability(
    total: int, available: Mapping[str, int], last: Mapping[str, int], *, aggregated: bool = False, fresh: bool = False,
    seed: str = "",
) -> Shares | None:  # fmt: skip
    """``available``: of each candidate, how many more replicas it can run. What runs stays where it is: only what is
    new is placed, and what is too much is removed in proportion. ``aggregated``: on as few clusters as possible.
    ``fresh``: as if nothing ran. None: they do not fit."""
    placed = {name: last[name] for name in available if last.get(name, 0) > 0}
    if fresh:
        room = {name: count + placed.get(name, 0) for name, count in available.items()}
        return _fill(total, room, placed, aggregated=aggregated, prefer={}, seed=seed)
    running = sum(placed.values())
    if running == total:
        return placed
    if running > total:
        return _fill(total, placed, placed, aggregated=aggregated, prefer={}, seed=seed)
    added = _fill(total - running, available, {}, aggregated=aggregated, prefer=placed, seed=seed)
    if added is None:
        return None
    return {name: placed.get(name, 0) + added.get(name, 0) for name in {**placed, **added}}


def _fill(
    total: int, room: Mapping[str, int], last: Mapping[str, int], *, aggregated: bool, prefer: Mapping[str, int],
    seed: str,
) -> Shares | None:  # fmt: skip
    if sum(room.values()) < total:
        return None
    if aggregated:
        room = _fewest(total, room, prefer)
    return by_weight(total, room, last, most=room, seed=seed)


def _fewest(total: int, room: Mapping[str, int], prefer: Mapping[str, int]) -> dict[str, int]:
    """The fewest clusters with room for all, those preferred first, then the roomiest."""
    chosen: dict[str, int] = {}
    for name in sorted(room, key=lambda each: (each not in prefer, -room[each], each)):
        chosen[name] = room[name]
        if sum(chosen.values()) >= total:
            break
    return chosen
